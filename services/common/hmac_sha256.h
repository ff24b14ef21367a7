#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ropewalk {

// The 32 bytes of HMAC-SHA256 (RFC 2104). Pure.
std::string HmacSha256(absl::string_view key, absl::string_view text);

}  // namespace ropewalk
