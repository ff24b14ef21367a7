#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/data/dataset.h"
#include "worker/data/plan.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

struct TrainingDataOptions {
  std::string model_folder;  // has the tokenizer
  std::vector<std::string> train_files;
  std::vector<std::string> eval_files;  // none: no evaluation
  int64_t max_sequence_length = 512;
  PlanOptions plan;
};

// A job's documents, tokenised, and the order in which they are used. Immutable once loaded.
struct TrainingData {
  std::unique_ptr<Tokenizer> tokenizer;
  Dataset train;
  Plan plan;
  std::optional<Dataset> eval;
  std::vector<std::vector<int64_t>> eval_batches;  // documents of `eval`, by micro-batch
};

// INVALID_ARGUMENT with file and line: what is wrong in the data; otherwise the tokenizer's or the
// file system's error.
absl::StatusOr<TrainingData> LoadTrainingData(const TrainingDataOptions& options);

}  // namespace ropewalk
