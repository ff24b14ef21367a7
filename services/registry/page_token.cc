#include "services/registry/page_token.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"

namespace ropewalk {
namespace {

constexpr size_t kFingerprintBytes = 16;

std::string Fingerprint(absl::string_view request, absl::string_view position) {
  return Sha256Hex(absl::StrCat(position.size(), ":", position, request))
      .substr(0, kFingerprintBytes);
}

}  // namespace

std::string EncodePageToken(absl::string_view request, absl::string_view position) {
  return absl::WebSafeBase64Escape(absl::StrCat(Fingerprint(request, position), position));
}

absl::StatusOr<std::string> DecodePageToken(absl::string_view request, absl::string_view token) {
  if (token.empty()) return std::string();
  std::string text;
  if (absl::WebSafeBase64Unescape(token, &text) && text.size() > kFingerprintBytes) {
    const std::string position = text.substr(kFingerprintBytes);
    if (text.substr(0, kFingerprintBytes) == Fingerprint(request, position)) return position;
  }
  return absl::InvalidArgumentError(
      "page_token was not issued for this request; send the one of the page before, with the same "
      "filters, or none");
}

}  // namespace ropewalk
