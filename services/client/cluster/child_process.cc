#include "services/client/cluster/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// posix_spawn's settings, freed at the end of a scope.
struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }

  void SendOutputTo(const std::string& log) {
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  }

  void DetachFromTerminal() {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

}  // namespace

absl::StatusOr<ProcessId> StartProcess(const std::vector<std::string>& command,
                                       const std::string& log) {
  SpawnSettings settings;
  settings.SendOutputTo(log);
  settings.DetachFromTerminal();
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, arguments[0], &settings.files, &settings.attributes,
                                arguments.data(), environ);
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot start ", command[0], ": ", std::strerror(error)));
  }
  const absl::StatusOr<ProcessId> id = IdentifyProcess(pid);
  return id.ok() ? *id : ProcessId{pid, 0};  // ended already; its parent will see it
}

std::string LastLines(const std::string& log, int lines) {
  const absl::StatusOr<std::string> text = ReadFile(log);
  if (!text.ok()) return "";
  const std::vector<absl::string_view> all = absl::StrSplit(absl::StripSuffix(*text, "\n"), '\n');
  const size_t count = std::min(all.size(), static_cast<size_t>(lines));
  return absl::StrJoin(all.end() - count, all.end(), "\n");
}

}  // namespace ropewalk
