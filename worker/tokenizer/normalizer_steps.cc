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
    AppendCharacter(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)), &small);
    rewritten.Insert(code_point == kDottedI ? kSmallDottedI : small, text, at);
    at += character.size();
  }
  return rewritten;
}

}  // namespace ropewalk
