#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ropewalk {

// The alphabet of byte-level BPE: each of the 256 bytes as a printable character, the convention of
// GPT-2 (printable Latin-1 bytes stand for themselves, the others for U+0100 and up, in order).

// Bytes to characters, UTF-8.
std::string BytesToCharacters(absl::string_view bytes);

// The reverse; a text with a character outside the alphabet is returned as it is, as some special
// tokens have to be.
std::string CharactersToBytes(absl::string_view characters);

}  // namespace ropewalk
