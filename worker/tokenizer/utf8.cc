#include "worker/tokenizer/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ropewalk {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

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

// How many of the first bytes can belong to one character: `length` of them if it is complete.
size_t GoodBytes(absl::string_view bytes, size_t length) {
  size_t good = length > 0 ? 1 : 0;
  while (good < std::min(length, bytes.size()) && IsContinuation(bytes[good]) &&
         (good > 1 || SecondByteFits(bytes[0], bytes[1]))) {
    ++good;
  }
  return good;
}

size_t LeadingAscii(absl::string_view text) {
  size_t size = 0;
  for (uint64_t word; size + 8 <= text.size(); size += 8) {
    std::memcpy(&word, text.data() + size, 8);
    if (word & 0x8080808080808080) break;
  }
  while (size < text.size() && static_cast<uint8_t>(text[size]) < 0x80) ++size;
  return size;
}

// The longest beginning that is well-formed.
size_t ValidPrefix(absl::string_view text) {
  for (size_t at = 0;;) {
    at += LeadingAscii(text.substr(at));
    if (at == text.size()) return at;
    const size_t length = LengthByFirstByte(text[at]);
    if (length == 0 || GoodBytes(text.substr(at), length) < length) return at;
    at += length;
  }
}

}  // namespace

bool IsValidUtf8(absl::string_view text) { return ValidPrefix(text) == text.size(); }

absl::string_view FirstCharacter(absl::string_view text) {
  return text.empty() ? text : text.substr(0, LengthByFirstByte(text[0]));
}

absl::string_view LastCharacter(absl::string_view text) {
  if (text.empty()) return text;
  size_t begin = text.size() - 1;
  while (begin > 0 && IsContinuation(text[begin])) --begin;
  return text.substr(begin);
}

char32_t CodePoint(absl::string_view character) {
  if (character.size() == 1) return character[0];
  char32_t code_point = static_cast<uint8_t>(character[0]) & (0x7F >> character.size());
  for (const char byte : character.substr(1)) code_point = code_point << 6 | (byte & 0x3F);
  return code_point;
}

void AppendCharacter(char32_t code_point, std::string* text) {
  const auto append = [text](char32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return append(code_point);
  if (code_point < 0x800) {
    append(0xC0 | code_point >> 6);
  } else if (code_point < 0x10000) {
    append(0xE0 | code_point >> 12);
    append(0x80 | (code_point >> 6 & 0x3F));
  } else {
    append(0xF0 | code_point >> 18);
    append(0x80 | (code_point >> 12 & 0x3F));
    append(0x80 | (code_point >> 6 & 0x3F));
  }
  append(0x80 | (code_point & 0x3F));
}

void AppendAsUtf8(absl::string_view bytes, std::string* text) {
  for (;;) {
    const size_t valid = ValidPrefix(bytes);
    text->append(bytes.data(), valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) return;
    text->append(kReplacement.data(), kReplacement.size());
    bytes.remove_prefix(std::max<size_t>(1, GoodBytes(bytes, LengthByFirstByte(bytes[0]))));
  }
}

size_t IncompleteEnd(absl::string_view bytes) {
  for (size_t size = 1; size <= std::min<size_t>(3, bytes.size()); ++size) {
    const absl::string_view end = bytes.substr(bytes.size() - size);
    if (IsContinuation(end[0])) continue;
    const size_t length = LengthByFirstByte(end[0]);
    return length > size && GoodBytes(end, length) == size ? size : 0;
  }
  return 0;
}

}  // namespace ropewalk
