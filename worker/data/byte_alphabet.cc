#include "worker/data/byte_alphabet.h"

#include <array>
#include <cstdint>

namespace ropewalk {
namespace {

struct Alphabet {
  std::array<int, 256> character_of;     // code point
  std::array<int, 0x180> byte_of;        // -1: not in the alphabet

  Alphabet() {
    byte_of.fill(-1);
    int next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      character_of[byte] = printable ? byte : next++;
      byte_of[character_of[byte]] = byte;
    }
  }
};

const Alphabet& GetAlphabet() {
  static const Alphabet alphabet;
  return alphabet;
}

}  // namespace

std::string BytesToCharacters(absl::string_view bytes) {
  std::string characters;
  characters.reserve(bytes.size() * 3 / 2);
  for (const char byte : bytes) {
    const int code = GetAlphabet().character_of[static_cast<uint8_t>(byte)];
    if (code < 0x80) {
      characters.push_back(static_cast<char>(code));
    } else {
      characters.push_back(static_cast<char>(0xC0 | code >> 6));
      characters.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
  }
  return characters;
}

std::string CharactersToBytes(absl::string_view characters) {
  std::string bytes;
  for (size_t i = 0; i < characters.size();) {
    const uint8_t first = characters[i];
    const bool pair = first >= 0xC2 && first <= 0xDF && i + 1 < characters.size();
    const int code = pair ? (first & 0x1F) << 6 | (characters[i + 1] & 0x3F) : first;
    const size_t length = pair ? 2 : 1;
    const bool known = code < 0x180 && (pair || first < 0x80) && GetAlphabet().byte_of[code] >= 0;
    if (known) {
      bytes.push_back(static_cast<char>(GetAlphabet().byte_of[code]));
    } else {
      bytes.append(characters.data() + i, length);
    }
    i += length;
  }
  return bytes;
}

}  // namespace ropewalk
