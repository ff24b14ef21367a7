#include "worker/tokenizer/character_class.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/tokenizer/regex.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {

bool IsWhiteSpace(absl::string_view character) {
  if (character.empty()) return false;
  const char32_t c = CodePoint(character);
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool IsWordCharacter(absl::string_view character) {
  static const Regex regex = Regex::Create(absl::StrCat("[", kWordSet, "]")).value();
  bool matches = false;
  const auto note = [&](size_t, size_t) {
    matches = true;
    return absl::OkStatus();
  };
  return regex.ForEachMatch(character, note).ok() && matches;
}

}  // namespace ropewalk
