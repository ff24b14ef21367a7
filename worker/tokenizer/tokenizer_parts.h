#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "worker/tokenizer/added_tokens.h"
#include "worker/tokenizer/bpe.h"
#include "worker/tokenizer/decoder.h"
#include "worker/tokenizer/normalizer.h"
#include "worker/tokenizer/pre_tokenizer.h"

namespace ropewalk {

// The ByteLevel post-processor's way with spaces at the ends of tokens: they do not count as what a
// token stands for, but for the one space that was put in front.
struct TrimOffsets {
  bool add_prefix_space = false;
};

// What a tokenizer.json says, as far as it is supported.
struct TokenizerParts {
  Normalizer normalizer;
  AddedTokens added_tokens;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  Decoder decoder;
  std::vector<int32_t> prefix;  // special tokens with which a document begins
  std::optional<TrimOffsets> trim_offsets;
};

}  // namespace ropewalk
