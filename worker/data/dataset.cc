#include "worker/data/dataset.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "worker/data/jsonl.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

absl::Status InOrigin(const Row& row, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(row.origin, ": ", status.message()));
}

absl::StatusOr<Document> Tokenise(const Row& row, const Tokenizer& tokenizer) {
  Document document;
  if (row.has_prompt) {
    absl::StatusOr<std::vector<int32_t>> prompt = tokenizer.Encode(row.prompt);
    if (!prompt.ok()) return InOrigin(row, prompt.status());
    document.tokens = *std::move(prompt);
    document.prompt_length = document.tokens.size();
    document.completion = row.text;
  }
  const absl::StatusOr<std::vector<int32_t>> text = tokenizer.Encode(row.text);
  if (!text.ok()) return InOrigin(row, text.status());
  document.first_target = std::max<int32_t>(1, document.prompt_length);
  document.tokens.insert(document.tokens.end(), text->begin(), text->end());
  document.tokens.push_back(tokenizer.eos());
  return document;
}

template <typename T>
void UpdateWith(Sha256* hash, const T* values, size_t count) {
  hash->Update(absl::string_view(reinterpret_cast<const char*>(values), count * sizeof(T)));
}

}  // namespace

absl::StatusOr<Dataset> Dataset::Load(const std::vector<std::string>& files, const Tokenizer& tokenizer,
                                      const DatasetOptions& options) {
  std::vector<Row> rows;
  for (const std::string& file : files) RETURN_IF_ERROR(ReadJsonl(file, &rows));
  std::vector<absl::StatusOr<Document>> documents(rows.size(), absl::UnknownError(""));
  ParallelFor(rows.size(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) documents[i] = Tokenise(rows[i], tokenizer);
  });
  Dataset dataset;
  for (absl::StatusOr<Document>& document : documents) {
    RETURN_IF_ERROR(document.status());
    if (static_cast<int64_t>(document->tokens.size()) > options.max_sequence_length) {
      document->tokens.resize(options.max_sequence_length);
      ++dataset.cut_rows_;
    }
    if (document->first_target >= static_cast<int64_t>(document->tokens.size())) {
      ++dataset.dropped_rows_;
      continue;
    }
    dataset.documents_.push_back(*std::move(document));
  }
  if (dataset.documents_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no row has anything to learn: all prompts are as long as max_sequence_length (", options.max_sequence_length, ")"));
  }
  return dataset;
}

std::vector<int64_t> Dataset::lengths() const {
  std::vector<int64_t> lengths;
  for (const Document& document : documents_) lengths.push_back(document.tokens.size());
  return lengths;
}

std::string Dataset::digest() const {
  Sha256 hash;
  for (const Document& document : documents_) {
    const int64_t length = document.tokens.size();
    UpdateWith(&hash, &length, 1);
    UpdateWith(&hash, &document.first_target, 1);
    UpdateWith(&hash, document.tokens.data(), document.tokens.size());
  }
  return hash.HexDigest();
}

}  // namespace ropewalk
