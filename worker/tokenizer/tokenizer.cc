#include "worker/tokenizer/tokenizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tensor/parallel.h"
#include "worker/tokenizer/end_of_text.h"
#include "worker/tokenizer/json_file.h"
#include "worker/tokenizer/text_stream.h"
#include "worker/tokenizer/tokenizer_encoding.h"
#include "worker/tokenizer/tokenizer_json.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

constexpr size_t kLongestText = 1 << 30;

}  // namespace

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
  for (const AddedToken& token : parts_.added_tokens.tokens()) {
    added_by_id_[token.id] = &token;
    added_by_content_[token.content] = token.id;
    if (token.special) special_.insert(token.content);
  }
}

absl::StatusOr<std::vector<int32_t>> Tokenizer::Encode(absl::string_view text) const {
  EncodedText encoded;
  RETURN_IF_ERROR(EncodeInto(text, /*with_offsets=*/false, &encoded));
  return std::move(encoded.tokens);
}

absl::StatusOr<EncodedText> Tokenizer::EncodeWithOffsets(absl::string_view text) const {
  EncodedText encoded;
  RETURN_IF_ERROR(EncodeInto(text, /*with_offsets=*/true, &encoded));
  return encoded;
}

absl::StatusOr<std::vector<int32_t>> Tokenizer::EncodeBeginning(absl::string_view text) const {
  EncodedText encoded;
  encoded.tokens = parts_.prefix;
  RETURN_IF_ERROR(EncodeInto(text, /*with_offsets=*/false, &encoded));
  return std::move(encoded.tokens);
}

absl::StatusOr<std::vector<std::vector<int32_t>>> Tokenizer::EncodeAll(
    absl::Span<const std::string> texts) const {
  std::vector<std::vector<int32_t>> tokens(texts.size());
  std::vector<absl::Status> statuses(texts.size());
  ParallelForEach(static_cast<int64_t>(texts.size()), [&](int64_t i) {
    absl::StatusOr<std::vector<int32_t>> encoded = Encode(texts[i]);
    if (encoded.ok()) tokens[i] = *std::move(encoded);
    statuses[i] = encoded.status();
  });
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].ok()) continue;
    return absl::Status(statuses[i].code(), absl::StrCat("text ", i, ": ", statuses[i].message()));
  }
  return tokens;
}

absl::Status Tokenizer::EncodeInto(absl::string_view text, bool with_offsets,
                                   EncodedText* encoded) const {
  if (text.size() > kLongestText) {
    return absl::InvalidArgumentError("the text is longer than 1 GiB");
  }
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("the text is not valid UTF-8");
  encoded->tokens.reserve(encoded->tokens.size() + text.size() / 3);
  std::unique_ptr<BpeScratch> scratch = TakeScratch();
  const absl::Status status =
      TokenizerEncoding(parts_, with_offsets, scratch.get(), encoded).Run(text);
  ReturnScratch(std::move(scratch));
  return status;
}

std::unique_ptr<BpeScratch> Tokenizer::TakeScratch() const {
  const std::lock_guard<std::mutex> lock(scratches_mutex_);
  if (scratches_.empty()) return std::make_unique<BpeScratch>();
  std::unique_ptr<BpeScratch> scratch = std::move(scratches_.back());
  scratches_.pop_back();
  return scratch;
}

void Tokenizer::ReturnScratch(std::unique_ptr<BpeScratch> scratch) const {
  const std::lock_guard<std::mutex> lock(scratches_mutex_);
  scratches_.push_back(std::move(scratch));
}

std::string Tokenizer::Decode(absl::Span<const int32_t> tokens) const {
  std::string text;
  TextStream stream(*this);
  for (const int32_t token : tokens) stream.Push(token, &text);
  stream.Finish(&text);
  return text;
}

const std::string* Tokenizer::NameForDecoding(int32_t token) const {
  const auto added = added_by_id_.find(token);
  const std::string* name = parts_.bpe.vocabulary().Name(token);
  if (added != added_by_id_.end()) {
    const std::string& normal_form = added->second->normal_form;
    name = normal_form.empty() ? &added->second->content : &normal_form;
  }
  return name == nullptr || special_.contains(*name) ? nullptr : name;
}

int32_t Tokenizer::TokenToId(absl::string_view token) const {
  const auto added = added_by_content_.find(token);
  return added != added_by_content_.end() ? added->second : parts_.bpe.vocabulary().Find(token);
}

std::string Tokenizer::IdToToken(int32_t id) const {
  if (const auto it = added_by_id_.find(id); it != added_by_id_.end()) return it->second->content;
  const std::string* name = parts_.bpe.vocabulary().Name(id);
  return name == nullptr ? "" : *name;
}

}  // namespace ropewalk
