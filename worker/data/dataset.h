#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/data/document.h"
#include "worker/data/row_tokeniser.h"

namespace ropewalk {

// What is done with documents longer than the longest sequence.
enum class TooLong { kCut, kDrop };

struct DatasetOptions {
  int64_t max_sequence_length = 512;
  TooLong too_long = TooLong::kCut;  // kCut: at the end
};

// What became of a file's rows.
struct FileReport {
  std::string path;
  int64_t rows = 0;
  int64_t cut_rows = 0;             // kept, but shortened
  int64_t too_long_rows = 0;        // dropped because of their length
  int64_t rows_without_target = 0;  // dropped because nothing in them is learnt
  std::string first_dropped;        // "file:line" of the first of both kinds; may be empty
  int64_t documents = 0;            // what is left
  int64_t tokens = 0;               // of these
  int64_t targets = 0;

  // For people, one line.
  std::string ToString() const;
};

// JSONL files in memory, tokenised. Immutable.
class Dataset {
 public:
  // Blank lines are skipped; rows that are too long are cut or dropped, those left with nothing to
  // learn dropped. INVALID_ARGUMENT: a line is malformed or cannot be tokenised (the message names
  // file and line), or no row has a target; NOT_FOUND: a file is missing.
  static absl::StatusOr<Dataset> Load(const std::vector<std::string>& files,
                                      const RowTokeniser& tokeniser, const DatasetOptions& options);

  // Documents that are tokenised already, as one file's.
  static Dataset Of(std::vector<Document> documents);

  int64_t size() const { return documents_.size(); }
  const Document& document(int64_t i) const { return documents_[i]; }

  // Tokens of each document.
  std::vector<int64_t> lengths() const;

  // One a file, in the order of the files; documents lie in that order, too.
  const std::vector<FileReport>& reports() const { return reports_; }

  // SHA-256, in hex, over all tokens and targets in order.
  std::string digest() const;

 private:
  absl::Status AddFile(const std::string& file, const RowTokeniser& tokeniser,
                       const DatasetOptions& options);
  void Add(Document document, const std::string& origin, const DatasetOptions& options);

  std::vector<Document> documents_;
  std::vector<FileReport> reports_;
};

}  // namespace ropewalk
