#include "services/client/engine_check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/client/local_files.h"
#include "services/common/status_macros.h"

extern char** environ;

namespace ropewalk {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(10);

std::vector<std::string> CheckCommand(const v1::JobSpec& spec, const std::string& program) {
  std::vector<std::string> command = {program, "check"};
  if (IsLocal(spec.base_model())) command.insert(command.end(), {"--base", spec.base_model()});
  for (const auto* files : {&spec.train_data(), &spec.eval_data()}) {
    for (const std::string& file : *files) {
      if (IsLocal(file)) command.insert(command.end(), {"--data", file});
    }
  }
  return command;
}

// Starts the command with its stderr going to `error_fd`.
absl::StatusOr<pid_t> Start(const std::vector<std::string>& command, int error_fd) {
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
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

absl::Status CheckWithEngine(const v1::JobSpec& spec, const std::string& program_folder) {
  const std::string program = program_folder + "/ropewalk-worker";
  if (access(program.c_str(), X_OK) != 0) return absl::OkStatus();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  const absl::StatusOr<pid_t> pid = Start(CheckCommand(spec, program), ends[1]);
  close(ends[1]);
  const absl::StatusOr<std::string> message = pid.ok() ? ReadToEnd(ends[0]) : pid.status();
  close(ends[0]);
  RETURN_IF_ERROR(pid.status());
  if (!message.ok()) kill(*pid, SIGKILL);
  int status = 0;
  waitpid(*pid, &status, 0);
  RETURN_IF_ERROR(message.status());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StripAsciiWhitespace(*message));
}

}  // namespace ropewalk
