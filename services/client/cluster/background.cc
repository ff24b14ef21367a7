#include "services/client/cluster/background.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

// What goes through the pipe: one byte for the code, then the message.
void Send(int fd, const absl::Status& status) {
  std::string text(1, static_cast<char>(status.code()));
  text.append(status.message().data(), status.message().size());
  // A reader that has gone away misses the news; nothing to do about it here.
  [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
  close(fd);
}

absl::Status Receive(int fd, absl::Duration timeout, const std::string& log) {
  std::string text;
  char buffer[4096];
  while (true) {
    pollfd watched{fd, POLLIN, 0};
    if (poll(&watched, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) <= 0) {
      return absl::DeadlineExceededError(absl::StrCat("no news from the supervisor; see ", log));
    }
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count <= 0) break;
    text.append(buffer, count);
  }
  if (text.empty()) return absl::AbortedError(absl::StrCat("the supervisor ended; see ", log));
  return absl::Status(static_cast<absl::StatusCode>(text[0]), text.substr(1));
}

void SendOutputTo(const std::string& log) {
  const int input = open("/dev/null", O_RDONLY);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (input >= 0) dup2(input, STDIN_FILENO);
  if (output >= 0) dup2(output, STDOUT_FILENO);
  if (output >= 0) dup2(output, STDERR_FILENO);
}

}  // namespace

absl::Status RunInBackground(const std::string& log, absl::Duration timeout,
                             const std::function<int(const ReportStart&)>& body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot make a pipe: ", std::strerror(errno)));
  }
  const pid_t pid = fork();
  if (pid < 0) return absl::UnavailableError(absl::StrCat("cannot fork: ", std::strerror(errno)));
  if (pid == 0) {
    close(ends[0]);
    setsid();
    SendOutputTo(log);
    _exit(body([&](const absl::Status& status) { Send(ends[1], status); }));
  }
  close(ends[1]);
  const absl::Status status = Receive(ends[0], timeout, log);
  close(ends[0]);
  return status;
}

}  // namespace ropewalk
