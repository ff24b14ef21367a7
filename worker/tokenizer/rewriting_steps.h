#pragma once

#include <string>
#include <utility>

#include "worker/tokenizer/pre_tokenizer.h"

// Steps of a pre-tokenizer that rewrite the text.
namespace ropewalk {

// Puts a space in front of a text that does not begin with one.
class PrefixSpace : public PreTokenizerStep {
 public:
  absl::Status Cut(const AlignedView& text, VisitWord visit) const override;
};

// Writes every byte as a character of the byte alphabet (byte_alphabet.h).
class ByteCharacters : public PreTokenizerStep {
 public:
  absl::Status Cut(const AlignedView& text, VisitWord visit) const override;
};

// SentencePiece's way with spaces: writes them as another character, `replacement`, perhaps puts
// one in front, and perhaps cuts the text before each.
class Metaspace : public PreTokenizerStep {
 public:
  // kFirst: only in front of the text that begins the original; none where there is one already.
  enum class Prepend { kAlways, kFirst, kNever };

  Metaspace(std::string replacement, Prepend prepend, bool split)
      : replacement_(std::move(replacement)), prepend_(prepend), split_(split) {}

  absl::Status Cut(const AlignedView& text, VisitWord visit) const override;
  bool NeedsBeginning() const override { return prepend_ == Prepend::kFirst; }

 private:
  bool Prepends(const AlignedView& text) const;
  absl::Status CutAtReplacements(const AlignedView& text, VisitWord visit) const;

  const std::string replacement_;  // one character
  const Prepend prepend_;
  const bool split_;
};

}  // namespace ropewalk
