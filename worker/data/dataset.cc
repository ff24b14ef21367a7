#include "worker/data/dataset.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "worker/data/jsonl.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

absl::StatusOr<std::vector<Document>> TokeniseAll(const std::vector<Row>& rows,
                                                  const RowTokeniser& tokeniser) {
  std::vector<absl::StatusOr<Document>> results(rows.size(), absl::UnknownError("not tokenised"));
  ParallelFor(rows.size(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) results[i] = tokeniser.Tokenise(rows[i]);
  });
  std::vector<Document> documents;
  for (absl::StatusOr<Document>& result : results) {
    RETURN_IF_ERROR(result.status());
    documents.push_back(*std::move(result));
  }
  return documents;
}

absl::Status NothingToLearn(const std::vector<FileReport>& reports, const DatasetOptions& options) {
  std::string message =
      absl::StrCat("no row has anything to learn within training.max_sequence_length (",
                   options.max_sequence_length, ")");
  for (const FileReport& report : reports) absl::StrAppend(&message, "\n", report.ToString());
  return absl::InvalidArgumentError(message);
}

template <typename T>
void UpdateWith(Sha256* hash, const T* values, size_t count) {
  hash->Update(absl::string_view(reinterpret_cast<const char*>(values), count * sizeof(T)));
}

template <typename T>
void UpdateWith(Sha256* hash, const std::vector<T>& values) {
  const int64_t size = values.size();
  UpdateWith(hash, &size, 1);
  UpdateWith(hash, values.data(), values.size());
}

}  // namespace

std::string FileReport::ToString() const {
  std::string text = absl::StrCat(path, ": ", rows, rows == 1 ? " row, " : " rows, ", documents,
                                  " used (", tokens, " tokens, ", targets, " of them learnt)");
  if (cut_rows > 0) absl::StrAppend(&text, "; ", cut_rows, " cut");
  if (too_long_rows > 0) absl::StrAppend(&text, "; ", too_long_rows, " too long and dropped");
  if (rows_without_target > 0) {
    absl::StrAppend(&text, "; ", rows_without_target, " dropped with nothing to learn");
  }
  if (!first_dropped.empty()) absl::StrAppend(&text, "; the first dropped is ", first_dropped);
  return text;
}

absl::StatusOr<Dataset> Dataset::Load(const std::vector<std::string>& files,
                                      const RowTokeniser& tokeniser,
                                      const DatasetOptions& options) {
  Dataset dataset;
  for (const std::string& file : files) {
    RETURN_IF_ERROR(dataset.AddFile(file, tokeniser, options));
  }
  if (dataset.documents_.empty()) return NothingToLearn(dataset.reports_, options);
  return dataset;
}

Dataset Dataset::Of(std::vector<Document> documents) {
  Dataset dataset;
  FileReport& report = dataset.reports_.emplace_back();
  report.rows = report.documents = documents.size();
  for (const Document& document : documents) {
    report.tokens += document.tokens.size();
    report.targets += document.target_count();
  }
  dataset.documents_ = std::move(documents);
  return dataset;
}

absl::Status Dataset::AddFile(const std::string& file, const RowTokeniser& tokeniser,
                              const DatasetOptions& options) {
  std::vector<Row> rows;
  RETURN_IF_ERROR(ReadJsonl(file, &rows));
  ASSIGN_OR_RETURN(std::vector<Document> documents, TokeniseAll(rows, tokeniser));
  reports_.emplace_back();
  reports_.back().path = file;
  reports_.back().rows = rows.size();
  for (size_t i = 0; i < rows.size(); ++i) Add(std::move(documents[i]), rows[i].origin, options);
  return absl::OkStatus();
}

void Dataset::Add(Document document, const std::string& origin, const DatasetOptions& options) {
  FileReport& report = reports_.back();
  const bool too_long = static_cast<int64_t>(document.tokens.size()) > options.max_sequence_length;
  const bool drop = too_long && options.too_long == TooLong::kDrop;
  document.Cut(options.max_sequence_length);
  if (drop || document.targets.empty()) {
    ++(drop ? report.too_long_rows : report.rows_without_target);
    if (report.first_dropped.empty()) report.first_dropped = origin;
    return;
  }
  if (too_long) ++report.cut_rows;
  ++report.documents;
  report.tokens += document.tokens.size();
  report.targets += document.target_count();
  documents_.push_back(std::move(document));
}

std::vector<int64_t> Dataset::lengths() const {
  std::vector<int64_t> lengths;
  for (const Document& document : documents_) lengths.push_back(document.tokens.size());
  return lengths;
}

std::string Dataset::digest() const {
  Sha256 hash;
  for (const Document& document : documents_) {
    UpdateWith(&hash, document.tokens);
    UpdateWith(&hash, document.targets);
  }
  return hash.HexDigest();
}

}  // namespace ropewalk
