#include "worker/train/memory_at_hand.h"

#include <algorithm>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "services/common/files.h"

namespace ropewalk {
namespace {

std::string TextOf(const std::string& path) { return ReadFile(path).value_or(""); }

std::optional<int64_t> NumberIn(const std::string& path) {
  int64_t number;
  if (absl::SimpleAtoi(absl::StripAsciiWhitespace(TextOf(path)), &number)) return number;
  return std::nullopt;  // no such file, or "max"
}

// The number that follows `key` at the start of a line.
std::optional<int64_t> NumberAfter(absl::string_view key, const std::string& text) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, key)) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    int64_t number;
    if (!words.empty() && absl::SimpleAtoi(words[0], &number)) return number;
  }
  return std::nullopt;
}

// What a cgroup's limit leaves. Files that are only cached count as its memory, but give way.
std::optional<int64_t> LeftIn(const std::string& cgroup) {
  const std::optional<int64_t> limit = NumberIn(cgroup + "/memory.max");
  const std::optional<int64_t> used = NumberIn(cgroup + "/memory.current");
  if (!limit.has_value() || !used.has_value()) return std::nullopt;
  const std::string stat = TextOf(cgroup + "/memory.stat");
  const int64_t cached = NumberAfter("active_file ", stat).value_or(0) +
                         NumberAfter("inactive_file ", stat).value_or(0);
  return std::max<int64_t>(0, *limit - std::max<int64_t>(0, *used - cached));
}

// The process's cgroup: "/a/b", or "" where it is the root.
std::string OwnCgroup(const std::string& root) {
  for (absl::string_view line : absl::StrSplit(TextOf(root + "/proc/self/cgroup"), '\n')) {
    if (absl::ConsumePrefix(&line, "0::")) return std::string(absl::StripSuffix(line, "/"));
  }
  return "";
}

void Lower(std::optional<int64_t> to, std::optional<int64_t>* least) {
  if (to.has_value()) *least = std::min(*to, least->value_or(*to));
}

}  // namespace

std::optional<int64_t> MemoryAtHand(const std::string& root) {
  std::optional<int64_t> least = NumberAfter("MemAvailable:", TextOf(root + "/proc/meminfo"));
  if (least.has_value()) *least *= 1024;
  std::string cgroup = OwnCgroup(root);
  Lower(LeftIn(absl::StrCat(root, "/sys/fs/cgroup", cgroup)), &least);
  while (!cgroup.empty()) {
    cgroup.resize(cgroup.rfind('/'));
    Lower(LeftIn(absl::StrCat(root, "/sys/fs/cgroup", cgroup)), &least);
  }
  return least;
}

}  // namespace ropewalk
