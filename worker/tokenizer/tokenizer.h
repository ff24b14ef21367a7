#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/tokenizer/tokenizer_parts.h"

namespace ropewalk {

// Tokens, and for each the bytes [begin, end) of the text that it stands for. A token of a part of
// a character stands for the character, so ranges may overlap; what normalisation put in stands for
// what is beside it.
struct EncodedText {
  std::vector<int32_t> tokens;
  std::vector<uint32_t> begins, ends;
};

// Text to tokens and back, as Hugging Face's tokenizer.json describes it and the tokenizers library
// does it (tokenizer_json.h says which kinds). Const calls may run at the same time.
class Tokenizer {
 public:
  // Reads tokenizer.json of a model folder, and its end-of-text token from tokenizer_config.json,
  // generation_config.json or config.json. NOT_FOUND: tokenizer.json is missing. INVALID_ARGUMENT:
  // a file is damaged, or of a kind that is not supported; the message names what and what is.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Load(const std::string& model_folder);

  Tokenizer(TokenizerParts parts, int32_t eos);

  // Adds no special tokens, but finds those that are written out in the text. INVALID_ARGUMENT: the
  // text is not valid UTF-8 or longer than 1 GiB, or an expression takes too much work on it.
  absl::StatusOr<std::vector<int32_t>> Encode(absl::string_view text) const;

  // The same tokens, with the places that they come from.
  absl::StatusOr<EncodedText> EncodeWithOffsets(absl::string_view text) const;

  // Encode for many texts, on all cores (worker/tensor/parallel.h). The error of the first text
  // that has one, with its place among them.
  absl::StatusOr<std::vector<std::vector<int32_t>>> EncodeAll(
      absl::Span<const std::string> texts) const;

  // Encode for text with which a document, or a prompt, begins: the special tokens that the model
  // wants to see first, as Llama 3 wants <|begin_of_text|>, and then the text's.
  absl::StatusOr<std::vector<int32_t>> EncodeBeginning(absl::string_view text) const;

  // Special tokens are left out, unknown ids too. Bytes that are no UTF-8 become U+FFFD. The text
  // of tokens that come one by one: text_stream.h.
  std::string Decode(absl::Span<const int32_t> tokens) const;

  // The number of a token by its name as tokenizer.json writes it; -1: there is none.
  int32_t TokenToId(absl::string_view token) const;

  // The reverse; empty if there is none.
  std::string IdToToken(int32_t id) const;

  // Ends a document.
  int32_t eos() const { return eos_; }

 private:
  friend class TextStream;

  absl::Status EncodeInto(absl::string_view text, bool with_offsets, EncodedText* encoded) const;
  std::unique_ptr<BpeScratch> TakeScratch() const;
  void ReturnScratch(std::unique_ptr<BpeScratch> scratch) const;

  // The name that the decoder gets to see; nullptr: the token is left out.
  const std::string* NameForDecoding(int32_t token) const;

  const TokenizerParts parts_;
  const int32_t eos_;
  absl::flat_hash_map<int32_t, const AddedToken*> added_by_id_;
  absl::flat_hash_map<std::string, int32_t> added_by_content_;
  absl::flat_hash_set<std::string> special_;

  // Those not in use: as many as have ever encoded at the same time.
  mutable std::mutex scratches_mutex_;
  mutable std::vector<std::unique_ptr<BpeScratch>> scratches_;
};

}  // namespace ropewalk
