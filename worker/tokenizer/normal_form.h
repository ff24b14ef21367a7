#pragma once

#include <bitset>
#include <cstddef>

#include "worker/tokenizer/normalizer.h"

namespace ropewalk {

// The Unicode normal forms (Unicode Standard Annex 15), by the tables of the tokenizers library
// (newer_characters.h).
class NormalForm : public NormalizerStep {
 public:
  // `composes`: NFC or NFKC, otherwise NFD or NFKD. `compatibility`: NFKC or NFKD.
  NormalForm(bool composes, bool compatibility);

  absl::StatusOr<AlignedText> Rewrite(const AlignedView& text) const override;

 private:
  static constexpr size_t kTabled = 0x30000;  // above, all characters are stable

  // Whether the form leaves a character as it is, whatever stands beside it.
  bool IsStable(char32_t code_point) const {
    return code_point >= kTabled || !unstable_[code_point];
  }

  size_t FindUnstable(absl::string_view text, size_t at) const;
  size_t FindStable(absl::string_view text, size_t at) const;
  void RewritePart(const AlignedView& text, size_t begin, size_t end, AlignedText* rewritten) const;

  const bool composes_, compatibility_;
  std::bitset<kTabled> unstable_;
};

}  // namespace ropewalk
