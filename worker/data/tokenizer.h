#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/data/added_tokens.h"
#include "worker/data/bpe.h"
#include "worker/data/pre_tokenizer.h"

namespace ropewalk {

// What a tokenizer.json says, as far as it is supported.
struct TokenizerParts {
  Bpe bpe;
  PreTokenizer pre_tokenizer;
  bool add_prefix_space = false;
  AddedTokens added_tokens;
};

// Text to tokens and back: byte-level BPE as Hugging Face's tokenizer.json describes it. Const calls may run at the same time.
class Tokenizer {
 public:
  // Reads tokenizer.json of a model folder, and its end-of-text token from tokenizer_config.json, generation_config.json or config.json.
  // NOT_FOUND: a file is missing. INVALID_ARGUMENT: it is damaged, or of a kind that is not supported; the message names what and what is.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Load(const std::string& model_folder);

  Tokenizer(TokenizerParts parts, int32_t eos);

  // INVALID_ARGUMENT: the text is not valid UTF-8, or has a character that the vocabulary lacks. Adds no special tokens of its own.
  absl::StatusOr<std::vector<int32_t>> Encode(absl::string_view text) const;

  // Special tokens are left out, unknown ids too. The bytes may end within a character.
  std::string Decode(absl::Span<const int32_t> tokens) const;

  // Ends a document.
  int32_t eos() const { return eos_; }

 private:
  absl::Status EncodeText(absl::string_view text, std::vector<int32_t>* tokens) const;

  const TokenizerParts parts_;
  const int32_t eos_;
  std::vector<std::string> bytes_of_;  // by token; empty for special ones
};

}  // namespace ropewalk
