#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/tokenizer/added_tokens.h"
#include "worker/tokenizer/bpe.h"
#include "worker/tokenizer/pre_tokenizer.h"

namespace ropewalk {

// What a tokenizer.json says, as far as it is supported.
struct TokenizerParts {
  Bpe bpe;
  PreTokenizer pre_tokenizer;
  bool add_prefix_space = false;
  AddedTokens added_tokens;
  std::vector<int32_t> prefix;  // special tokens with which a document begins
};

// Text to tokens and back: byte-level BPE as Hugging Face's tokenizer.json describes it. Const
// calls may run at the same time.
class Tokenizer {
 public:
  // Reads tokenizer.json of a model folder, and its end-of-text token from tokenizer_config.json,
  // generation_config.json or config.json. NOT_FOUND: tokenizer.json is missing. INVALID_ARGUMENT:
  // a file is damaged, or of a kind that is not supported; the message names what and what is.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Load(const std::string& model_folder);

  Tokenizer(TokenizerParts parts, int32_t eos);

  // Adds no special tokens, but finds those that are written out in the text. INVALID_ARGUMENT: the
  // text is not valid UTF-8, or has a byte that the vocabulary lacks.
  absl::StatusOr<std::vector<int32_t>> Encode(absl::string_view text) const;

  // The same for text with which a document, or a prompt, begins: the special tokens that the model
  // wants to see first, as Llama 3 wants <|begin_of_text|>, and then the text's.
  absl::StatusOr<std::vector<int32_t>> EncodeBeginning(absl::string_view text) const;

  // Special tokens are left out, unknown ids too. The bytes may end within a character.
  std::string Decode(absl::Span<const int32_t> tokens) const;

  // Ends a document.
  int32_t eos() const { return eos_; }

 private:
  absl::Status AppendTokens(absl::string_view text, std::vector<int32_t>* tokens) const;
  absl::Status AppendOrdinary(absl::string_view text, std::vector<int32_t>* tokens) const;

  const TokenizerParts parts_;
  const int32_t eos_;
  std::vector<std::string> bytes_of_;  // by token; empty for special ones
};

}  // namespace ropewalk
