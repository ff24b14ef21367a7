#include "worker/tokenizer/utf8.h"

#include <cstddef>
#include <cstdint>

namespace ropewalk {
namespace {

bool IsContinuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

// Bytes of a character by its first one; 0: none begins so.
size_t LengthByFirstByte(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

// The bounds that the second byte must keep so that the character is neither overlong nor a
// surrogate nor too large.
bool SecondByteFits(uint8_t first, uint8_t second) {
  if (first == 0xE0) return second >= 0xA0;
  if (first == 0xED) return second < 0xA0;
  if (first == 0xF0) return second >= 0x90;
  if (first == 0xF4) return second < 0x90;
  return true;
}

bool IsCharacter(absl::string_view bytes) {
  for (const char byte : bytes.substr(1)) {
    if (!IsContinuation(byte)) return false;
  }
  return bytes.size() == 1 || SecondByteFits(bytes[0], bytes[1]);
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = LengthByFirstByte(text[0]);
    if (length == 0 || length > text.size() || !IsCharacter(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

absl::string_view FirstCharacter(absl::string_view text) {
  return text.empty() ? text : text.substr(0, LengthByFirstByte(text[0]));
}

absl::string_view LastCharacter(absl::string_view text) {
  if (text.empty()) return text;
  size_t begin = text.size() - 1;
  while (begin > 0 && IsContinuation(text[begin])) --begin;
  return text.substr(begin);
}

}  // namespace ropewalk
