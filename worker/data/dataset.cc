#include "worker/data/dataset.h"

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

absl::StatusOr<Document> TokenisePair(const Row& row, const Tokenizer& tokenizer) {
  Document document;
  ASSIGN_OR_RETURN(document.tokens, tokenizer.EncodeBeginning(row.prompt));
  document.prompt_length = document.tokens.size();
  document.first_target = document.prompt_length;
  document.completion = row.text;
  ASSIGN_OR_RETURN(const std::vector<int32_t> completion, tokenizer.Encode(row.text));
  document.tokens.insert(document.tokens.end(), completion.begin(), completion.end());
  return document;
}

absl::StatusOr<Document> TokeniseText(const Row& row, const Tokenizer& tokenizer) {
  Document document;
  ASSIGN_OR_RETURN(document.tokens, tokenizer.EncodeBeginning(row.text));
  return document;
}

absl::StatusOr<Document> Tokenise(const Row& row, const Tokenizer& tokenizer) {
  absl::StatusOr<Document> document =
      row.has_prompt ? TokenisePair(row, tokenizer) : TokeniseText(row, tokenizer);
  if (!document.ok()) return InOrigin(row, document.status());
  document->tokens.push_back(tokenizer.eos());
  return document;
}

absl::StatusOr<std::vector<Document>> TokeniseAll(const std::vector<Row>& rows,
                                                  const Tokenizer& tokenizer) {
  std::vector<absl::StatusOr<Document>> results(rows.size(), absl::UnknownError("not tokenised"));
  ParallelFor(rows.size(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) results[i] = Tokenise(rows[i], tokenizer);
  });
  std::vector<Document> documents;
  for (absl::StatusOr<Document>& result : results) {
    RETURN_IF_ERROR(result.status());
    documents.push_back(*std::move(result));
  }
  return documents;
}

template <typename T>
void UpdateWith(Sha256* hash, const T* values, size_t count) {
  hash->Update(absl::string_view(reinterpret_cast<const char*>(values), count * sizeof(T)));
}

}  // namespace

absl::StatusOr<Dataset> Dataset::Load(const std::vector<std::string>& files,
                                      const Tokenizer& tokenizer, const DatasetOptions& options) {
  std::vector<Row> rows;
  for (const std::string& file : files) RETURN_IF_ERROR(ReadJsonl(file, &rows));
  ASSIGN_OR_RETURN(std::vector<Document> documents, TokeniseAll(rows, tokenizer));
  Dataset dataset;
  for (Document& document : documents) dataset.Add(std::move(document), options);
  if (dataset.documents_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no row has anything to learn: every prompt fills training.max_sequence_length (",
        options.max_sequence_length, ")"));
  }
  return dataset;
}

void Dataset::Add(Document document, const DatasetOptions& options) {
  if (static_cast<int64_t>(document.tokens.size()) > options.max_sequence_length) {
    document.tokens.resize(options.max_sequence_length);
    ++cut_rows_;
  }
  if (document.first_target < static_cast<int64_t>(document.tokens.size())) {
    documents_.push_back(std::move(document));
  } else {
    ++dropped_rows_;
  }
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
