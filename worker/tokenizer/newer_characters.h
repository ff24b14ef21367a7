#pragma once

#include <string>

#include "absl/strings/string_view.h"

// Characters that Unicode gained after the tables of our libraries were made (PCRE2 10.42 is of
// Unicode 14), or after those of the tokenizers library were, as far as one can tell the
// difference. That library's regular expressions are of Unicode 16, its normal forms of Unicode 9.
namespace ropewalk {

// The same text for a regular expression of ours to look at: characters of Unicode 15 and 16 are
// replaced by older ones of the same category and length in bytes; so is U+180E, which has not been
// white space since Unicode 6.3 though PCRE2's \s has it. Returns `text` itself if there are none,
// or else *storage. REQUIRES: valid UTF-8.
absl::string_view WithStandIns(absl::string_view text, std::string* storage);

// Whether the tokenizers library's normal forms leave the character as and where it is, though
// newer tables would decompose it or reorder it.
bool IsUnknownToNormalForms(char32_t code_point);

}  // namespace ropewalk
