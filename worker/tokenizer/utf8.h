#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace ropewalk {

// Whether `text` is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above
// U+10FFFF, no character cut off.
bool IsValidUtf8(absl::string_view text);

// The bytes of the first and of the last character of valid UTF-8; empty if `text` is.
absl::string_view FirstCharacter(absl::string_view text);
absl::string_view LastCharacter(absl::string_view text);

// The code point of a character, and the reverse. REQUIRES: one character of valid UTF-8.
char32_t CodePoint(absl::string_view character);
void AppendCharacter(char32_t code_point, std::string* text);

// Appends `bytes`, with U+FFFD in place of what is no UTF-8: one for each maximal beginning of a
// character, as the Unicode Standard recommends (3.9, table 3-8).
void AppendAsUtf8(absl::string_view bytes, std::string* text);

// How many bytes at the end of `bytes` may be the beginning of a character that is not yet
// complete: 0 to 3.
size_t IncompleteEnd(absl::string_view bytes);

}  // namespace ropewalk
