#pragma once

#include "absl/status/statusor.h"
#include "worker/train/gradient_reducer.h"
#include "worker/train/language_model.h"
#include "worker/train/train_state.h"
#include "worker/train/trainer.h"
#include "worker/train/training_data.h"

namespace ropewalk {

// What one micro-batch of evaluation documents gives.
struct EvaluationCounts {
  double loss;  // summed over the targets
  int64_t targets;
  int64_t exact_matches;
  int64_t exact_match_rows;
};

// Loss and exact matches of the documents, which are rows of `data`. A row with a prompt matches if
// the greedy continuation of the prompt, with white space at both ends removed, equals the wanted
// completion likewise. `max_new_tokens` 0: loss only.
absl::StatusOr<EvaluationCounts> EvaluateDocuments(const Dataset& data,
                                                   const std::vector<int64_t>& documents,
                                                   const Tokenizer& tokenizer, int max_new_tokens,
                                                   LanguageModel* model);

// Evaluates `data.eval` with the model's current parameters, the micro-batches dealt among the team
// as in a training step; every rank gets the same record. REQUIRES: data.eval is there. The
// reducer's or the model's error.
absl::StatusOr<EvaluationRecord> Evaluate(const TrainingData& data, int64_t step,
                                          int max_new_tokens, const Team& team,
                                          LanguageModel* model, GradientReducer* reducer);

}  // namespace ropewalk
