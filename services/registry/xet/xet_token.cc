#include "services/registry/xet/xet_token.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ropewalk {
namespace {

constexpr char kPrefix[] = "xet";

std::string Text(absl::string_view expiry) { return absl::StrCat("xet write until ", expiry); }

}  // namespace

std::string XetTokens::Issue(absl::Time expiry) const {
  const std::string until = absl::StrCat(absl::ToUnixSeconds(expiry));
  return absl::StrCat(kPrefix, "_", until, "_", key_.Sign(Text(until)));
}

bool XetTokens::Check(absl::string_view token, absl::Time now) const {
  const std::vector<std::string> parts = absl::StrSplit(token, '_');
  int64_t seconds = 0;
  return parts.size() == 3 && parts[0] == kPrefix && key_.Check(Text(parts[1]), parts[2]) &&
         absl::SimpleAtoi(parts[1], &seconds) && now <= absl::FromUnixSeconds(seconds);
}

}  // namespace ropewalk
