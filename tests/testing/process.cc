#include "tests/testing/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"

extern char** environ;

namespace ropewalk {
namespace {

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv, const std::string& out,
                            const std::string& err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), kAppend, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), kAppend, 0644);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot start ", argv[0]));
  return pid;
}

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Becomes readable when the process ends: a wait with a deadline and without polling.
int PidFd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

absl::StatusOr<Process> Process::Start(const std::vector<std::string>& argv,
                                       const std::string& log_file) {
  absl::StatusOr<pid_t> pid = Spawn(argv, log_file, log_file);
  if (!pid.ok()) return pid.status();
  return Process(*pid);
}

absl::StatusOr<std::string> Process::Run(const std::vector<std::string>& argv,
                                         absl::Duration timeout) {
  char folder[] = "/tmp/ropewalk-run-XXXXXX";
  if (mkdtemp(folder) == nullptr)
    return absl::ErrnoToStatus(errno, "cannot make a temporary folder");
  const std::string out = absl::StrCat(folder, "/out"), err = absl::StrCat(folder, "/err");
  absl::StatusOr<pid_t> pid = Spawn(argv, out, err);
  if (!pid.ok()) return pid.status();
  Process process(*pid);
  const absl::StatusOr<int> code = process.Wait(timeout);
  const std::string output = Contents(out), errors = Contents(err);
  unlink(out.c_str());
  unlink(err.c_str());
  rmdir(folder);
  if (!code.ok()) return code.status();
  if (*code == 0) return output;
  return absl::InternalError(
      absl::StrCat(argv[0], " exited with ", *code, ": ", errors.substr(0, 4000)));
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

Process::~Process() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::Signal(int signal) {
  if (pid_ > 0) kill(pid_, signal);
}

absl::StatusOr<int> Process::Wait(absl::Duration timeout) {
  if (pid_ <= 0) return absl::FailedPreconditionError("the process has been waited for");
  const int fd = PidFd(pid_);
  pollfd ended{fd, POLLIN, 0};
  const int ready = poll(&ended, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
  close(fd);
  if (ready <= 0)
    return absl::DeadlineExceededError(absl::StrCat("process ", pid_, " has not ended"));
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace ropewalk
