#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/tokenizer_parts.h"

namespace ropewalk {

// Reads the text of a tokenizer.json, which may come from strangers. Supported:
//   model           BPE, with byte_fallback, unk_token, fuse_unk and ignore_merges; without
//   dropout,
//                   continuing_subword_prefix and end_of_word_suffix
//   added_tokens    all; one that the vocabulary lacks is numbered after its last one, as the
//                   tokenizers library does, whatever `id` says
//   normalizer      none; Prepend, Replace, NFC, NFD, NFKC, NFKD, Lowercase, Strip; a Sequence
//   pre_tokenizer   none; ByteLevel, Split, Digits, Metaspace, Punctuation, Whitespace,
//                   WhitespaceSplit; a Sequence
//   post_processor  none; ByteLevel; TemplateProcessing that adds special tokens in front; a
//                   Sequence
//   decoder         none; ByteLevel, ByteFallback, Replace, Strip, Metaspace, Fuse; a Sequence
// `truncation` and `padding` are passed over: nothing is cut short or filled up here.
// INVALID_ARGUMENT names anything else, and what is supported in its place.
absl::StatusOr<TokenizerParts> ParseTokenizerJson(absl::string_view text);

}  // namespace ropewalk
