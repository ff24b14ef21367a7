#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// Reads the text of a tokenizer.json, which may come from strangers. Supported:
//   model           BPE without byte_fallback, dropout, continuing_subword_prefix,
//   end_of_word_suffix normalizer      none, or NFC: text is taken to be in that form, as nearly
//   all is pre_tokenizer   ByteLevel; Split with a Regex, behavior Isolated; Digits; a Sequence of
//   these
//                   that ends with ByteLevel
//   post_processor  none; ByteLevel; TemplateProcessing that adds special tokens in front; a
//                   Sequence of these
//   decoder         ByteLevel, or a Sequence of it alone
// INVALID_ARGUMENT names anything else, and what is supported in its place.
absl::StatusOr<TokenizerParts> ParseTokenizerJson(absl::string_view text);

}  // namespace ropewalk
