#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/common/clock.h"
#include "worker/optim/optimizer.h"
#include "worker/optim/schedule.h"
#include "worker/train/gradient_reducer.h"
#include "worker/train/memory_plan.h"
#include "worker/train/train_state.h"
#include "worker/train/trainable_model.h"
#include "worker/train/training_data.h"

namespace ropewalk {

struct TrainerOptions {
  uint64_t seed = 0;
  bool exact = true;           // sum in fixed point; otherwise in float32
  double max_grad_norm = 1.0;  // 0: no clipping
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
};

// Which rank this is among those that share a step, and their relative speeds.
struct Team {
  int rank = 0;
  std::vector<double> weights = {1.0};  // [ranks]
};

// How a step went on this rank.
struct StepTiming {
  int64_t own_tokens = 0;
  absl::Duration compute;  // in the micro-batches
  absl::Duration ring;     // waiting for the reducer
  absl::Duration whole;
  bool recomputed = false;  // a gradient outgrew its scale, so the step was computed twice
  // Of every rank in its micro-batches, 0 if it had none: to deal the next step by (FollowSpeeds).
  // Empty unless sums are exact: others depend on who computes what.
  std::vector<int32_t> tokens_per_second;
};

// Takes training steps (design: plan, share, compute, fix the point, reduce, update). The state
// changes only when a step has been reduced and verified; after an error it is what it was before
// the step. With exact sums the state is the same, to the bit, for any team. Not thread-safe.
class Trainer {
 public:
  // `model`, `data` and `clock` must outlive the trainer. The state starts as the model's initial
  // values.
  Trainer(TrainerOptions options, TrainableModel* model, const TrainingData* data,
          const Clock* clock);

  // What a trainer and its model keep in memory with micro-batches of up to so many tokens and so
  // many checkpointed layers.
  static MemoryPlan PlanMemory(const TrainerOptions& options, int64_t micro_batch_tokens,
                               int64_t checkpointed_layers, TrainableModel* model);

  // Takes one step. REQUIRES: state().step < data's total steps.
  // The reducer's error; INTERNAL if the reduced sum is not the sum of what was sent; OUT_OF_RANGE
  // if a gradient is not finite.
  absl::StatusOr<StepTiming> Step(const Team& team, GradientReducer* reducer);

  const TrainState& state() const { return state_; }
  TrainState* mutable_state() { return &state_; }

  // Puts another state in the place of the trainer's.
  void Restore(TrainState state);

 private:
  struct Work;  // a step's plan and this rank's part in it

  // What the ranks combine.
  struct Exchanged {
    // [parameters][2 a micro-batch: its loss][1 a micro-batch: times computed][1 a rank: its
    // speed][2: checksum]
    std::vector<int32_t> sums;
    std::vector<uint8_t> exponents_twice;  // [2][blocks]
    std::vector<float> float_sums;         // [parameters], unless sums are exact
  };

  Work PlanStep(const Team& team) const;
  absl::Status Compute(const Work& work, absl::Span<const uint8_t> scales);
  absl::Status Reduce(const Work& work, GradientReducer* reducer, StepTiming* timing);
  absl::Status CheckReduction(const Work& work) const;
  // Fill gradient_; its norm.
  absl::StatusOr<double> ExactGradient(const Work& work, GradientReducer* reducer,
                                       StepTiming* timing);
  absl::StatusOr<double> FloatGradient(const Work& work, GradientReducer* reducer,
                                       StepTiming* timing);
  void Update(const Work& work, double gradient_norm);

  const TrainerOptions options_;
  TrainableModel* const model_;
  const TrainingData* const data_;
  const Clock* const clock_;
  const std::unique_ptr<const Optimizer> optimizer_;
  TrainState state_;

  // Of the step in flight.
  std::vector<float> gradient_;
  std::vector<uint8_t> exponents_;  // [blocks]
  std::shared_ptr<Exchanged> exchanged_ = std::make_shared<Exchanged>();
};

}  // namespace ropewalk
