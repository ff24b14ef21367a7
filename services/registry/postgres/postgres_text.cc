#include "services/registry/postgres/postgres_text.h"

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ropewalk {
namespace {

// The ranges of RFC 3629, section 4: what may follow a first byte.
struct Sequence {
  uint8_t first_low, first_high;
  uint8_t second_low, second_high;
  int length;
};

constexpr Sequence kSequences[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

bool Within(char byte, uint8_t low, uint8_t high) {
  const auto value = static_cast<uint8_t>(byte);
  return value >= low && value <= high;
}

// Bytes of the character that `text` begins with; 0: it is none, or the zero byte.
size_t CharacterLength(absl::string_view text) {
  if (Within(text[0], 0x01, 0x7f)) return 1;
  for (const Sequence& sequence : kSequences) {
    if (!Within(text[0], sequence.first_low, sequence.first_high)) continue;
    if (text.size() < static_cast<size_t>(sequence.length)) return 0;
    if (!Within(text[1], sequence.second_low, sequence.second_high)) return 0;
    for (int i = 2; i < sequence.length; ++i) {
      if (!Within(text[i], 0x80, 0xbf)) return 0;
    }
    return sequence.length;
  }
  return 0;
}

}  // namespace

bool IsPostgresText(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string PostgresBytes(absl::string_view bytes) {
  return absl::StrCat("\\x", absl::BytesToHexString(bytes));
}

std::string PostgresDouble(double value) { return absl::StrFormat("%.17g", value); }

std::string PostgresArray(const std::vector<std::string>& items) {
  std::string array = "{";
  for (const std::string& item : items) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : item) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  array += '}';
  return array;
}

}  // namespace ropewalk
