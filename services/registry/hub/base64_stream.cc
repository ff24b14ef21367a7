#include "services/registry/hub/base64_stream.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr size_t kQuad = 4;

absl::Status NotBase64() {
  return absl::InvalidArgumentError("a file's content is not padded base64");
}

}  // namespace

absl::StatusOr<std::string> Base64Stream::Append(absl::string_view text) {
  if (text.empty()) return std::string();
  if (padded_) return NotBase64();
  absl::StrAppend(&pending_, text);
  const size_t whole = pending_.size() / kQuad * kQuad;
  std::string decoded;
  const absl::string_view quads = absl::string_view(pending_).substr(0, whole);
  // Abseil's decoder takes white space, the lack of padding and '.' for it, which would not add up
  // here.
  const bool clean = quads.find_first_of(" \t\r\n\v\f-_.") == absl::string_view::npos;
  if (!clean || !absl::Base64Unescape(quads, &decoded)) return NotBase64();
  padded_ = whole > 0 && quads.back() == '=';
  pending_.erase(0, whole);
  if (padded_ && !pending_.empty()) return NotBase64();
  return decoded;
}

absl::Status Base64Stream::Finish() const {
  return pending_.empty() ? absl::OkStatus() : NotBase64();
}

}  // namespace ropewalk
