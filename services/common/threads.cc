#include "services/common/threads.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

namespace fs = std::filesystem;

constexpr char kTaskFolder[] = "/proc/self/task";

// Places in the part of the line behind the name, see proc(5).
constexpr size_t kState = 0;
constexpr size_t kUserTicks = 11;
constexpr size_t kSystemTicks = 12;

absl::StatusOr<std::vector<std::string>> StatFiles() {
  std::error_code error;
  std::vector<std::string> paths;
  for (fs::directory_iterator entry(kTaskFolder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    paths.push_back((entry->path() / "stat").string());
  }
  if (!error) return paths;
  return absl::UnavailableError(absl::StrCat("cannot list ", kTaskFolder, ": ", error.message()));
}

}  // namespace

absl::StatusOr<v1::Thread> ParseThreadStat(const std::string& line, double ticks_per_second) {
  // "ID (NAME) STATE ..."; the name may hold spaces and brackets.
  const size_t open = line.find('(');
  const size_t close = line.rfind(") ");
  v1::Thread thread;
  int64_t id = 0;
  if (open == std::string::npos || close == std::string::npos || close < open ||
      !absl::SimpleAtoi(line.substr(0, open), &id)) {
    return absl::InvalidArgumentError(absl::StrCat("not a thread's stat line: ", line));
  }
  const std::vector<std::string> fields = absl::StrSplit(line.substr(close + 2), ' ');
  double user = 0;
  double system = 0;
  if (fields.size() <= kSystemTicks || !absl::SimpleAtod(fields[kUserTicks], &user) ||
      !absl::SimpleAtod(fields[kSystemTicks], &system)) {
    return absl::InvalidArgumentError(absl::StrCat("not a thread's stat line: ", line));
  }
  thread.set_id(id);
  thread.set_name(line.substr(open + 1, close - open - 1));
  thread.set_state(fields[kState]);
  thread.set_cpu_seconds((user + system) / ticks_per_second);
  return thread;
}

absl::StatusOr<v1::ListThreadsResponse> ListThreads() {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, StatFiles());
  v1::ListThreadsResponse response;
  for (const std::string& path : paths) {
    const absl::StatusOr<std::string> line = ReadFile(path);
    if (!line.ok()) continue;  // The thread ended while we looked.
    const absl::StatusOr<v1::Thread> thread = ParseThreadStat(*line, sysconf(_SC_CLK_TCK));
    if (!thread.ok()) return absl::UnavailableError(thread.status().message());
    *response.add_threads() = *thread;
  }
  std::sort(response.mutable_threads()->begin(), response.mutable_threads()->end(),
            [](const v1::Thread& a, const v1::Thread& b) { return a.id() < b.id(); });
  return response;
}

void SetThreadName(const std::string& name) {
  constexpr size_t kLongest = 15;
  pthread_setname_np(pthread_self(), name.substr(0, kLongest).c_str());
}

}  // namespace ropewalk
