#include "services/client/engine_check.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/client/local_files.h"
#include "services/common/status_macros.h"

extern char** environ;

namespace ropewalk {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(10);

// The spec with only what is on this machine; nothing if there is none of it.
std::optional<v1::JobSpec> LocalPart(v1::JobSpec spec) {
  const auto is_remote = [](const std::string& name) { return !IsLocal(name); };
  // Weights belong to all files; without some of these they belong to none.
  if (absl::c_any_of(spec.train_data(), is_remote)) spec.mutable_data()->clear_weights();
  if (is_remote(spec.base_model())) spec.clear_base_model();
  for (auto* files : {spec.mutable_train_data(), spec.mutable_eval_data()}) {
    files->erase(std::remove_if(files->begin(), files->end(), is_remote), files->end());
  }
  const bool any = spec.has_base_model() || !spec.train_data().empty() || !spec.eval_data().empty();
  return any ? std::optional(std::move(spec)) : std::nullopt;
}

std::vector<std::string> CheckCommand(const v1::JobSpec& local, const std::string& program) {
  std::string json;
  // A message of plain fields always has a JSON form.
  (void)google::protobuf::util::MessageToJsonString(local, &json);
  return {program, "check", absl::StrCat("--job=", json)};
}

// Starts the command with all its output going to `output_fd`.
absl::StatusOr<pid_t> Start(const std::vector<std::string>& command, int output_fd) {
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", command[0]));
  return pid;
}

// All that is written to the pipe until its other end is closed.
absl::StatusOr<std::string> ReadToEnd(int fd) {
  const absl::Time deadline = absl::Now() + kPatience;
  std::string text;
  char buffer[4096];
  while (true) {
    pollfd ready = {fd, POLLIN, 0};
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) == 0) {
      return absl::DeadlineExceededError("checking the inputs takes too long");
    }
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, count);
  }
}

}  // namespace

absl::StatusOr<std::string> CheckWithEngine(const v1::JobSpec& spec,
                                            const std::string& program_folder) {
  const std::string program = program_folder + "/ropewalk-worker";
  const std::optional<v1::JobSpec> local = LocalPart(spec);
  if (access(program.c_str(), X_OK) != 0 || !local.has_value()) return std::string();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  const absl::StatusOr<pid_t> pid = Start(CheckCommand(*local, program), ends[1]);
  close(ends[1]);
  const absl::StatusOr<std::string> message = pid.ok() ? ReadToEnd(ends[0]) : pid.status();
  close(ends[0]);
  RETURN_IF_ERROR(pid.status());
  if (!message.ok()) kill(*pid, SIGKILL);
  int status = 0;
  waitpid(*pid, &status, 0);
  RETURN_IF_ERROR(message.status());
  const std::string text(absl::StripAsciiWhitespace(*message));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  return absl::InvalidArgumentError(text);
}

}  // namespace ropewalk
