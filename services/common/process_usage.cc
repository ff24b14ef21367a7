#include "services/common/process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "services/common/files.h"

namespace ropewalk {
namespace {

// Places in /proc/self/stat behind the name, see proc(5).
constexpr size_t kStartTicks = 19;
constexpr size_t kResidentPages = 21;

double Field(const std::vector<std::string>& fields, size_t place) {
  double value = 0;
  if (place >= fields.size() || !absl::SimpleAtod(fields[place], &value)) return 0;
  return value;
}

double CountOpenFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

ProcessUsage ReadProcessUsage(const Clock& clock) {
  const std::string line = ReadFile("/proc/self/stat").value_or("");
  const size_t name_end = line.rfind(") ");
  if (name_end == std::string::npos) return {};
  const std::vector<std::string> fields = absl::StrSplit(line.substr(name_end + 2), ' ');
  // The kernel counts the start in ticks since boot, as the clock's Monotonic does.
  const double up_at_start = Field(fields, kStartTicks) / sysconf(_SC_CLK_TCK);
  const absl::Duration age = clock.Monotonic() - absl::Seconds(up_at_start);
  ProcessUsage usage;
  usage.start_time_seconds = absl::ToDoubleSeconds(clock.Now() - age - absl::UnixEpoch());
  usage.resident_bytes = Field(fields, kResidentPages) * sysconf(_SC_PAGESIZE);
  usage.open_files = CountOpenFiles();
  return usage;
}

}  // namespace ropewalk
