#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace ropewalk {

// The alphabet of byte-level BPE: each of the 256 bytes as a printable character, the convention of GPT-2 (printable Latin-1 bytes stand for
// themselves, the others for U+0100 and up, in order).

// Bytes to characters, UTF-8.
std::string BytesToCharacters(absl::string_view bytes);

// The reverse; characters outside the alphabet are kept as they are, as special tokens contain them.
std::string CharactersToBytes(absl::string_view characters);

}  // namespace ropewalk
