#include "worker/tokenizer/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

constexpr int kCodes = 0x180;  // all characters of the alphabet lie below

struct Alphabet {
  std::array<int, 256> code_of_byte;
  std::array<int, kCodes> byte_of_code;  // -1: not in the alphabet

  Alphabet() {
    byte_of_code.fill(-1);
    int next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable =
          (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      code_of_byte[byte] = printable ? byte : next++;
      byte_of_code[code_of_byte[byte]] = byte;
    }
  }
};

const Alphabet& GetAlphabet() {
  static const Alphabet alphabet;
  return alphabet;
}

void AppendCode(int code, std::string* text) {
  if (code < 0x80) {
    text->push_back(static_cast<char>(code));
  } else {
    text->push_back(static_cast<char>(0xC0 | code >> 6));
    text->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// Of a character of one or two bytes; others are beyond the alphabet, as is the value for them.
int CodeOf(absl::string_view character) {
  if (character.size() == 1) return character[0];
  if (character.size() == 2) return (character[0] & 0x1F) << 6 | (character[1] & 0x3F);
  return kCodes;
}

}  // namespace

std::string BytesToCharacters(absl::string_view bytes) {
  std::string characters;
  characters.reserve(bytes.size() * 3 / 2);
  for (const char byte : bytes) {
    AppendCode(GetAlphabet().code_of_byte[static_cast<uint8_t>(byte)], &characters);
  }
  return characters;
}

bool CharactersToBytes(absl::string_view characters, std::string* bytes) {
  const size_t size = bytes->size();
  for (absl::string_view rest = characters; !rest.empty();) {
    const absl::string_view character = FirstCharacter(rest);
    const int code = CodeOf(character);
    if (code >= kCodes || GetAlphabet().byte_of_code[code] < 0) {
      bytes->resize(size);
      return false;
    }
    bytes->push_back(static_cast<char>(GetAlphabet().byte_of_code[code]));
    rest.remove_prefix(character.size());
  }
  return true;
}

}  // namespace ropewalk
