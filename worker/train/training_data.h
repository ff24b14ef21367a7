#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "worker/data/dataset.h"
#include "worker/data/plan.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

struct TrainingDataOptions {
  std::string model_folder;  // has the tokenizer and the chat template
  std::vector<std::string> train_files;
  std::vector<std::string> eval_files;  // none: no evaluation
  std::vector<double> weights;          // of train_files; empty: 1 each
  DatasetOptions dataset;
  Learn learn = Learn::kAnswers;
  std::string chat_template;  // instead of the model's; empty: the model's
  absl::CivilDay date;        // what chat templates take for today
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

// Data alone, whatever there is of it.
struct LoadedData {
  std::unique_ptr<Tokenizer> tokenizer;
  Dataset train;                // empty without files
  std::optional<Dataset> eval;  // absent without
};

// Errors as below.
absl::StatusOr<LoadedData> LoadData(const TrainingDataOptions& options);

// REQUIRES: there are train_files.
// INVALID_ARGUMENT with file and line: what is wrong in the data; otherwise the tokenizer's or the
// file system's error.
absl::StatusOr<TrainingData> LoadTrainingData(const TrainingDataOptions& options);

}  // namespace ropewalk
