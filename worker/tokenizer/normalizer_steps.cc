#include "worker/tokenizer/normalizer_steps.h"

#include <utf8proc.h>

#include "services/common/status_macros.h"
#include "worker/tokenizer/character_class.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

// The only character whose small form is two characters.
constexpr char32_t kDottedI = 0x130;
constexpr absl::string_view kSmallDottedI = "i\xCC\x87";

// Large letters that are newer than utf8proc's tables, and how far away their small ones are.
struct NewerLetters {
  char32_t begin, end;  // both inclusive
  int32_t to_small;
};
constexpr NewerLetters kNewerLetters[] = {{0x1C89, 0x1C89, 1},    {0xA7CB, 0xA7CB, -0xA567},
                                          {0xA7CC, 0xA7CC, 1},    {0xA7CE, 0xA7CE, 1},
                                          {0xA7D2, 0xA7D2, 1},    {0xA7D4, 0xA7D4, 1},
                                          {0xA7DA, 0xA7DA, 1},    {0xA7DC, 0xA7DC, -0xA641},
                                          {0x10D50, 0x10D65, 32}, {0x16EA0, 0x16EB8, 27}};

char32_t Small(char32_t code_point) {
  for (const NewerLetters& letters : kNewerLetters) {
    if (code_point >= letters.begin && code_point <= letters.end) {
      return code_point + letters.to_small;
    }
  }
  return utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point));
}

}  // namespace

absl::StatusOr<AlignedText> Prepend::Rewrite(const AlignedView& text) const {
  AlignedText rewritten(text);
  rewritten.Insert(prefix_, text, 0);
  rewritten.Copy(text, 0, text.text.size());
  return rewritten;
}

absl::StatusOr<AlignedText> Replace::Rewrite(const AlignedView& text) const {
  AlignedText rewritten(text);
  size_t done = 0;
  RETURN_IF_ERROR(regex_.ForEachMatch(text.text, [&](size_t begin, size_t end) {
    rewritten.Copy(text, done, begin);
    rewritten.Insert(content_, text, end > 0 ? end - 1 : 0);
    done = end;
    return absl::OkStatus();
  }));
  rewritten.Copy(text, done, text.text.size());
  return rewritten;
}

absl::StatusOr<AlignedText> Strip::Rewrite(const AlignedView& text) const {
  absl::string_view kept = text.text;
  while (left_ && IsWhiteSpace(FirstCharacter(kept))) {
    kept.remove_prefix(FirstCharacter(kept).size());
  }
  while (right_ && IsWhiteSpace(LastCharacter(kept))) {
    kept.remove_suffix(LastCharacter(kept).size());
  }
  AlignedText rewritten(text);
  const size_t begin = kept.data() - text.text.data();
  rewritten.Copy(text, begin, begin + kept.size());
  return rewritten;
}

absl::StatusOr<AlignedText> Lowercase::Rewrite(const AlignedView& text) const {
  AlignedText rewritten(text);
  std::string small;
  for (size_t at = 0; at < text.text.size();) {
    const absl::string_view character = FirstCharacter(text.text.substr(at));
    const char32_t code_point = CodePoint(character);
    small.clear();
    AppendCharacter(Small(code_point), &small);
    rewritten.Insert(code_point == kDottedI ? kSmallDottedI : small, text, at);
    at += character.size();
  }
  return rewritten;
}

}  // namespace ropewalk
