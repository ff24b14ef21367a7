#include "services/client/cluster/process_id.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ropewalk {
namespace {

// The fields of /proc/PID/stat behind the program's name, which may hold blanks and brackets;
// the first is field 3 of proc(5).
std::vector<std::string> StatFields(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  return absl::StrSplit(text.substr(name_end + 1), ' ', absl::SkipEmpty());
}

}  // namespace

absl::StatusOr<ProcessId> IdentifyProcess(pid_t pid) {
  const std::vector<std::string> fields = StatFields(pid);
  ProcessId id{pid, 0};
  if (fields.size() < 20 || fields[0] == "Z" || !absl::SimpleAtoi(fields[19], &id.start_time)) {
    return absl::NotFoundError(absl::StrCat("process ", pid, " is not running"));
  }
  return id;
}

bool IsRunning(const ProcessId& id) {
  if (id.pid <= 0) return false;
  const absl::StatusOr<ProcessId> now = IdentifyProcess(id.pid);
  return now.ok() && now->start_time == id.start_time;
}

void SignalProcess(const ProcessId& id, int signal) {
  if (IsRunning(id)) kill(id.pid, signal);
}

bool WaitForExit(const ProcessId& id, absl::Duration timeout) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, id.pid, 0));
  if (!IsRunning(id)) {
    if (fd >= 0) close(fd);
    return true;
  }
  pollfd watched{fd, POLLIN, 0};
  poll(&watched, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
  if (fd >= 0) close(fd);
  return !IsRunning(id);
}

}  // namespace ropewalk
