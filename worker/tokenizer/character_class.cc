#include "worker/tokenizer/character_class.h"

#include "absl/status/status.h"
#include "worker/tokenizer/regex.h"

namespace ropewalk {
namespace {

Regex Compile(absl::string_view expression) { return Regex::Create(expression).value(); }

bool Matches(const Regex& regex, absl::string_view text) {
  bool matches = false;
  const auto note = [&](size_t, size_t) {
    matches = true;
    return absl::OkStatus();
  };
  return regex.ForEachMatch(text, note).ok() && matches;
}

}  // namespace

bool IsWhiteSpace(absl::string_view character) {
  static const Regex regex = Compile("\\p{White_Space}");
  return Matches(regex, character);
}

bool IsWordCharacter(absl::string_view character) {
  static const Regex regex = Compile("[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]");
  return Matches(regex, character);
}

}  // namespace ropewalk
