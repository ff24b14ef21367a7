#include "worker/tokenizer/rewriting_steps.h"

#include "absl/strings/match.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/byte_alphabet.h"

namespace ropewalk {

absl::Status PrefixSpace::Cut(const AlignedView& text, VisitWord visit) const {
  if (absl::StartsWith(text.text, " ")) return visit(text);
  AlignedText prefixed(text);
  prefixed.Insert(" ", text, 0);
  prefixed.Copy(text, 0, text.text.size());
  return visit(prefixed.view());
}

absl::Status ByteCharacters::Cut(const AlignedView& text, VisitWord visit) const {
  AlignedText characters(text);
  for (size_t i = 0; i < text.text.size(); ++i) {
    characters.Insert(BytesToCharacters(text.text.substr(i, 1)), text, i);
  }
  return visit(characters.view());
}

bool Metaspace::Prepends(const AlignedView& text) const {
  if (absl::StartsWith(text.text, " ") || absl::StartsWith(text.text, replacement_)) return false;
  return prepend_ == Prepend::kAlways || (prepend_ == Prepend::kFirst && text.begins_original);
}

absl::Status Metaspace::Cut(const AlignedView& text, VisitWord visit) const {
  AlignedText rewritten(text);
  if (Prepends(text)) rewritten.Insert(replacement_, text, 0);
  for (size_t done = 0; done < text.text.size();) {
    const size_t space = std::min(text.text.find(' ', done), text.text.size());
    rewritten.Copy(text, done, space);
    if (space < text.text.size()) rewritten.Insert(replacement_, text, space);
    done = space + 1;
  }
  return split_ ? CutAtReplacements(rewritten.view(), visit) : visit(rewritten.view());
}

absl::Status Metaspace::CutAtReplacements(const AlignedView& text, VisitWord visit) const {
  for (size_t begin = 0; begin < text.text.size();) {
    const size_t next = text.text.find(replacement_, begin + 1);
    const size_t end = std::min(next, text.text.size());
    RETURN_IF_ERROR(visit(text.Part(begin, end)));
    begin = end;
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
