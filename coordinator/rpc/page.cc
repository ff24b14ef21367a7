#include "coordinator/rpc/page.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ropewalk {

std::string PageToken(absl::string_view list, absl::string_view last_key) {
  return absl::WebSafeBase64Escape(absl::StrCat(list, "/", last_key));
}

absl::StatusOr<std::string> ParsePageToken(absl::string_view list, absl::string_view token) {
  if (token.empty()) return std::string();
  std::string text;
  absl::string_view key;
  if (absl::WebSafeBase64Unescape(token, &text)) {
    key = text;
    if (absl::ConsumePrefix(&key, absl::StrCat(list, "/")) && !key.empty()) return std::string(key);
  }
  return absl::InvalidArgumentError(
      "page_token is none that this method gave; ask for the first page again");
}

absl::StatusOr<int> PageSize(int32_t asked) {
  if (asked < 0) return absl::InvalidArgumentError("page_size must not be negative");
  return asked == 0 ? 100 : std::min(asked, 1000);
}

}  // namespace ropewalk
