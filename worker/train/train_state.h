#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/optim/optimizer.h"
#include "worker/train/scale_history.h"

namespace ropewalk {

// What a finished step leaves in the record.
struct StepRecord {
  int64_t step = 0;  // 1 for the first
  double loss = 0;   // mean over the step's target tokens
  double learning_rate = 0;
  double grad_norm = 0;  // before clipping
  int64_t tokens = 0;
};

// What an evaluation leaves.
struct EvaluationRecord {
  int64_t step = 0;  // finished steps before it
  double loss = 0;   // mean over the target tokens
  int64_t exact_matches = 0;
  int64_t exact_match_rows = 0;
};

// All that training changes, after `step` finished steps. Together with the job it decides
// everything that follows, so a checkpoint is this, a newcomer pulls this, and members compare its
// digest. A plain value; not thread-safe.
struct TrainState {
  TrainState(int64_t parameter_count, OptimizerState optimizer);

  int64_t step = 0;
  std::vector<float> parameters;
  OptimizerState optimizer;
  ScaleHistory scales;
  // What rounding has left out of this rank's gradients: [parameters] with error feedback, else
  // empty. Every rank's own, so not in the digest.
  std::vector<float> owed;
  // With local steps, the optimiser that each rank takes them with, its own too; `optimizer` is
  // then the one of the steps that all take together.
  OptimizerState inner;
  // The past, for people; not in the digest.
  std::vector<StepRecord> steps;
  std::vector<EvaluationRecord> evaluations;

  // XXH3-64 over step, parameters, the optimiser's state and scales.
  uint64_t Digest() const;

  // A safetensors file; `plan_digest` says to which training it belongs.
  std::string Serialize(absl::string_view plan_digest) const;

  // `shape` is any state of the same training: what is read has as many parameters and the same
  // tensors of the optimiser.
  // INVALID_ARGUMENT: not such a file, or of another shape. FAILED_PRECONDITION: of another plan,
  // both named.
  static absl::StatusOr<TrainState> Parse(absl::string_view bytes, absl::string_view plan_digest,
                                          const TrainState& shape);
};

}  // namespace ropewalk
