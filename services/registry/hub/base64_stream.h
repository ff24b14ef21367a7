#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Decodes base64 (RFC 4648, section 4, padded) that comes in pieces. Not thread-safe.
class Base64Stream {
 public:
  // What of the text so far can be decoded and was not returned before.
  // INVALID_ARGUMENT: it is not base64, or goes on after its padding.
  absl::StatusOr<std::string> Append(absl::string_view text);

  // INVALID_ARGUMENT: the text ended in the middle of four characters.
  absl::Status Finish() const;

 private:
  std::string pending_;  // Fewer than four characters.
  bool padded_ = false;
};

}  // namespace ropewalk
