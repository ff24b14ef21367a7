#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// One text on its way through the parts of a tokenizer: added tokens, normalizer, added tokens
// again, pre-tokenizer, model.
class TokenizerEncoding {
 public:
  // Tokens, and with_offsets their places, are appended to `encoded`.
  TokenizerEncoding(const TokenizerParts& parts, bool with_offsets, BpeScratch* scratch,
                    EncodedText* encoded);

  // REQUIRES: valid UTF-8. The errors of regular expressions.
  absl::Status Run(absl::string_view text);

 private:
  absl::Status SplitOriginal(const AlignedView& text);
  absl::Status SplitNormalized(const AlignedView& text);
  absl::Status AppendWords(const AlignedView& text);
  void AppendWord(const AlignedView& word);
  void AppendAdded(const AlignedView& place, int32_t id);
  void AppendToken(int32_t id, TextRange range, absl::string_view name);
  TextRange Trimmed(TextRange range, absl::string_view name) const;

  const TokenizerParts& parts_;
  const bool with_offsets_;
  BpeScratch* const scratch_;
  EncodedText* const encoded_;
  absl::string_view original_;
};

}  // namespace ropewalk
