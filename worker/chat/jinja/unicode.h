#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ropewalk::jinja {

// Python's view of text: characters are Unicode code points. Text is valid UTF-8 throughout.

// The code point at `*at`, which moves behind it. `*at` < utf8.size().
char32_t NextCharacter(absl::string_view utf8, size_t* at);
void AppendUtf8(char32_t character, std::string* out);
bool IsUtf8(absl::string_view bytes);

// Python's len().
size_t CharacterCount(absl::string_view utf8);
// Where each character begins, and the end.
std::vector<size_t> CharacterOffsets(absl::string_view utf8);

// Python's str.isspace() of one character.
bool IsSpace(char32_t character);
// str.isalpha(), isdigit() and isprintable() of one character.
bool IsAlpha(char32_t character);
bool IsDigit(char32_t character);
bool IsPrintable(char32_t character);
// As IsAlpha, digits, or an underscore: what names are made of.
bool IsWord(char32_t character);

// Python's strip(), lstrip() and rstrip(): of white space.
absl::string_view StripStart(absl::string_view text);
absl::string_view StripEnd(absl::string_view text);
// The same of the characters in `characters`.
absl::string_view StripStart(absl::string_view text, absl::string_view characters);
absl::string_view StripEnd(absl::string_view text, absl::string_view characters);

std::string Upper(absl::string_view text);
std::string Lower(absl::string_view text);
// First letters large, others small; of the text, and of each word by Python's str.title().
std::string Capitalize(absl::string_view text);
std::string Title(absl::string_view text);

}  // namespace ropewalk::jinja
