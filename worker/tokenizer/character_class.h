#pragma once

#include "absl/strings/string_view.h"

namespace ropewalk {

// Classes of Unicode characters, as the \s and \w of Rust's regular expressions, by which the
// tokenizers library decides. `character` is one, in valid UTF-8; the empty text is in no class.
bool IsWhiteSpace(absl::string_view character);
bool IsWordCharacter(absl::string_view character);

// What a regular expression's set must hold to mean \w.
inline constexpr char kWordSet[] = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control})";

}  // namespace ropewalk
