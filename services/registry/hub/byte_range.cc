#include "services/registry/hub/byte_range.h"

#include <algorithm>
#include <limits>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace ropewalk {
namespace {

// A number too large for its type is past every end.
bool ParseNumber(absl::string_view text, int64_t* number) {
  if (text.empty() || !absl::c_all_of(text, absl::ascii_isdigit)) return false;
  if (!absl::SimpleAtoi(text, number)) *number = std::numeric_limits<int64_t>::max();
  return true;
}

}  // namespace

std::optional<ByteRange> ParseByteRange(absl::string_view header, int64_t size) {
  const ByteRange whole{0, size, true};
  if (!absl::ConsumePrefix(&header, "bytes=")) return whole;
  header = absl::StripAsciiWhitespace(header);
  const size_t dash = header.find('-');
  if (dash == absl::string_view::npos || absl::StrContains(header, ",")) return whole;
  const absl::string_view first_text = header.substr(0, dash);
  const absl::string_view last_text = header.substr(dash + 1);
  int64_t first = 0;
  int64_t last = size - 1;
  if (first_text.empty()) {
    int64_t suffix = 0;
    if (!ParseNumber(last_text, &suffix)) return whole;
    first = size - std::min(suffix, size);
  } else {
    if (!ParseNumber(first_text, &first)) return whole;
    if (!last_text.empty() && !ParseNumber(last_text, &last)) return whole;
    if (last < first && !last_text.empty() && first < size) return whole;
  }
  last = std::min(last, size - 1);
  if (first > last) return std::nullopt;
  return ByteRange{first, last - first + 1, false};
}

}  // namespace ropewalk
