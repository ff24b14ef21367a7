#include "worker/tokenizer/tokenizer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/byte_alphabet.h"
#include "worker/tokenizer/end_of_text.h"
#include "worker/tokenizer/json_file.h"
#include "worker/tokenizer/tokenizer_json.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Load(const std::string& model_folder) {
  const std::string path = model_folder + "/tokenizer.json";
  ASSIGN_OR_RETURN(const std::string json, ReadJsonFile(path));
  absl::StatusOr<TokenizerParts> parts = ParseTokenizerJson(json);
  if (!parts.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", parts.status().message()));
  }
  ASSIGN_OR_RETURN(const int32_t eos, FindEndOfText(model_folder, *parts));
  return std::make_unique<Tokenizer>(*std::move(parts), eos);
}

Tokenizer::Tokenizer(TokenizerParts parts, int32_t eos) : parts_(std::move(parts)), eos_(eos) {
  const auto set = [this](int32_t id, std::string bytes) {
    if (id >= static_cast<int32_t>(bytes_of_.size())) bytes_of_.resize(id + 1);
    bytes_of_[id] = std::move(bytes);
  };
  for (const auto& [token, id] : parts_.bpe.vocabulary()) set(id, CharactersToBytes(token));
  for (const AddedToken& token : parts_.added_tokens.tokens()) {
    set(token.id, token.special ? "" : token.content);
  }
}

absl::StatusOr<std::vector<int32_t>> Tokenizer::Encode(absl::string_view text) const {
  std::vector<int32_t> tokens;
  RETURN_IF_ERROR(AppendTokens(text, &tokens));
  return tokens;
}

absl::StatusOr<std::vector<int32_t>> Tokenizer::EncodeBeginning(absl::string_view text) const {
  std::vector<int32_t> tokens = parts_.prefix;
  RETURN_IF_ERROR(AppendTokens(text, &tokens));
  return tokens;
}

absl::Status Tokenizer::AppendTokens(absl::string_view text, std::vector<int32_t>* tokens) const {
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("the text is not valid UTF-8");
  tokens->reserve(tokens->size() + text.size() / 3);
  return parts_.added_tokens.Split(
      text, [&](absl::string_view ordinary) { return AppendOrdinary(ordinary, tokens); },
      [&](const AddedToken& token) { tokens->push_back(token.id); });
}

absl::Status Tokenizer::AppendOrdinary(absl::string_view text, std::vector<int32_t>* tokens) const {
  std::string prefixed;
  if (parts_.add_prefix_space && text.front() != ' ') {
    prefixed = absl::StrCat(" ", text);
    text = prefixed;
  }
  return parts_.pre_tokenizer.ForEachWord(
      text, [&](absl::string_view word) { return parts_.bpe.Encode(word, tokens); });
}

std::string Tokenizer::Decode(absl::Span<const int32_t> tokens) const {
  std::string text;
  for (const int32_t token : tokens) {
    if (token >= 0 && token < static_cast<int32_t>(bytes_of_.size())) text += bytes_of_[token];
  }
  return text;
}

}  // namespace ropewalk
