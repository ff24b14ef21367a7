#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ropewalk {

// The alphabet of byte-level BPE: each of the 256 bytes as a printable character, the convention of
// GPT-2 (printable Latin-1 bytes stand for themselves, the others for U+0100 and up, in order).

// Bytes to characters, UTF-8.
std::string BytesToCharacters(absl::string_view bytes);

// Appends the reverse. False, and nothing is appended, if a character is outside the alphabet.
bool CharactersToBytes(absl::string_view characters, std::string* bytes);

}  // namespace ropewalk
