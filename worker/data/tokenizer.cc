#include "worker/data/tokenizer.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/data/byte_alphabet.h"
#include "worker/data/tokenizer_json.h"

namespace ropewalk {
namespace {

// Larger ids would make the table of bytes a way to exhaust memory.
constexpr int32_t kLargestId = 1 << 22;

absl::Status CheckIds(const TokenizerParts& parts) {
  const auto check = [](int32_t id) {
    if (id >= 0 && id <= kLargestId) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("tokenizer.json: token id ", id, " is out of range"));
  };
  for (const auto& [token, id] : parts.bpe.vocabulary()) RETURN_IF_ERROR(check(id));
  for (const AddedToken& token : parts.added_tokens.tokens()) RETURN_IF_ERROR(check(token.id));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Load(const std::string& model_folder) {
  const std::string path = model_folder + "/tokenizer.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, " is missing: a model folder needs its tokenizer"));
  std::ostringstream json;
  json << file.rdbuf();
  ASSIGN_OR_RETURN(TokenizerParts parts, ParseTokenizerJson(json.str()));
  RETURN_IF_ERROR(CheckIds(parts));
  ASSIGN_OR_RETURN(const int32_t eos, FindEos(model_folder, parts));
  return std::make_unique<Tokenizer>(std::move(parts), eos);
}

Tokenizer::Tokenizer(TokenizerParts parts, int32_t eos) : parts_(std::move(parts)), eos_(eos) {
  const auto set = [this](int32_t id, std::string bytes) {
    if (id >= static_cast<int32_t>(bytes_of_.size())) bytes_of_.resize(id + 1);
    bytes_of_[id] = std::move(bytes);
  };
  for (const auto& [token, id] : parts_.bpe.vocabulary()) set(id, CharactersToBytes(token));
  for (const AddedToken& token : parts_.added_tokens.tokens()) set(token.id, token.special ? "" : token.content);
}

absl::StatusOr<std::vector<int32_t>> Tokenizer::Encode(absl::string_view text) const {
  std::vector<int32_t> tokens;
  tokens.reserve(text.size() / 2);
  RETURN_IF_ERROR(parts_.added_tokens.Split(
      text, [&](absl::string_view ordinary) { return EncodeText(ordinary, &tokens); },
      [&](const AddedToken& token) { tokens.push_back(token.id); }));
  return tokens;
}

absl::Status Tokenizer::EncodeText(absl::string_view text, std::vector<int32_t>* tokens) const {
  std::string prefixed;
  if (parts_.add_prefix_space && text.front() != ' ') {
    prefixed = absl::StrCat(" ", text);
    text = prefixed;
  }
  return parts_.pre_tokenizer.ForEachWord(
      text, [&](absl::string_view word) { return parts_.bpe.Encode(BytesToCharacters(word), tokens); });
}

std::string Tokenizer::Decode(absl::Span<const int32_t> tokens) const {
  std::string text;
  for (const int32_t token : tokens) {
    if (token >= 0 && token < static_cast<int32_t>(bytes_of_.size())) text += bytes_of_[token];
  }
  return text;
}

}  // namespace ropewalk
