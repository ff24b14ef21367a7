#pragma once

#include "absl/strings/string_view.h"

namespace ropewalk {

// Whether `text` is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above
// U+10FFFF, no character cut off.
bool IsValidUtf8(absl::string_view text);

// The bytes of the first and of the last character of valid UTF-8; empty if `text` is.
absl::string_view FirstCharacter(absl::string_view text);
absl::string_view LastCharacter(absl::string_view text);

}  // namespace ropewalk
