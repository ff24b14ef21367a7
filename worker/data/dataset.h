#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// A row, tokenised. Tokens from first_target on are learnt.
struct Document {
  std::vector<int32_t> tokens;  // ends with the end-of-text token, unless it was cut
  int32_t first_target = 1;     // at least 1: the first token has nothing before it
  int32_t prompt_length = 0;    // leading tokens to generate from; 0: the row is plain text
  std::string completion;       // the wanted text, for exact match
};

struct DatasetOptions {
  int64_t max_sequence_length = 512;
};

// JSONL files in memory. A row is {"prompt": ..., "completion": ...}, of which completion and
// end-of-text are learnt, or {"text": ...}, of which all is. Prompt and completion are tokenised
// apart, so that generating from the prompt meets the very tokens that were trained on. Immutable.
class Dataset {
 public:
  // Rows longer than max_sequence_length are cut at the end; a row left with no target is dropped.
  // Blank lines are skipped. INVALID_ARGUMENT: a line is malformed (the message names file and
  // line), or no row has a target; NOT_FOUND: a file is missing.
  static absl::StatusOr<Dataset> Load(const std::vector<std::string>& files,
                                      const Tokenizer& tokenizer, const DatasetOptions& options);

  int64_t size() const { return documents_.size(); }
  const Document& document(int64_t i) const { return documents_[i]; }

  // Tokens of each document.
  std::vector<int64_t> lengths() const;

  int64_t cut_rows() const { return cut_rows_; }
  int64_t dropped_rows() const { return dropped_rows_; }

  // SHA-256, in hex, over all tokens and targets in order.
  std::string digest() const;

 private:
  void Add(Document document, const DatasetOptions& options);

  std::vector<Document> documents_;
  int64_t cut_rows_ = 0;
  int64_t dropped_rows_ = 0;
};

}  // namespace ropewalk
