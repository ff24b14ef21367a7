#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "services/common/clock.h"
#include "worker/optim/optimizer.h"
#include "worker/optim/outer_step.h"
#include "worker/optim/schedule.h"
#include "worker/tensor/aligned_memory.h"
#include "worker/train/gradient_reducer.h"
#include "worker/train/memory_plan.h"
#include "worker/train/step_work.h"
#include "worker/train/train_state.h"
#include "worker/train/trainable_model.h"
#include "worker/train/training_data.h"

namespace ropewalk {

class EarlyReduction;

// The outer optimiser's state in a TrainState.
inline constexpr char kOuterMomentum[] = "outer_momentum";

struct TrainerOptions {
  uint64_t seed = 0;
  bool exact = true;            // sum in fixed point; otherwise in float32
  bool error_feedback = false;  // of a reducer that rounds float32 sums; with exact false
  // More than 1: each rank takes so many steps by itself, with the mean gradient of its own
  // micro-batches; then all go to where OuterStep leads from the mean of their ways. With exact
  // false.
  int64_t local_steps = 1;
  OuterOptions outer;
  double max_grad_norm = 1.0;  // 0: no clipping
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
};

// How a step, or a round of local ones, went on this rank.
struct StepTiming {
  int64_t steps = 1;
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
// changes only when a step, or a round of local ones, has been reduced and verified; after an error
// it is what it was before. With exact sums the state is the same, to the bit, for any team. Not
// thread-safe.
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

  // Takes one step, or as many as lead to the next multiple of local_steps or to the end. REQUIRES:
  // state().step < data's total steps.
  // The reducer's error; INTERNAL if the reduced sum is not the sum of what was sent; OUT_OF_RANGE
  // if a gradient is not finite.
  absl::StatusOr<StepTiming> Step(const Team& team, GradientReducer* reducer);

  // Moves what rounding has left out on all ranks to rank 0, for a checkpoint, where it is the
  // whole team's. Every rank calls it after the same step; nothing to do without error feedback.
  // The reducer's error.
  absl::Status GatherOwed(const Team& team, GradientReducer* reducer);

  // For a state that is another rank's: what that one owes is not this one's.
  void ForgetOwed();

  const TrainState& state() const { return state_; }
  TrainState* mutable_state() { return &state_; }

  // With exact sums, gradients of several parts of about so many elements travel while those before
  // them are computed. Equal on all ranks; the result is the same for any number.
  void ReduceInPartsOf(int64_t elements) { part_ = elements; }

  // Puts another state in the place of the trainer's. What it owes is rank 0's from the next step
  // on.
  void Restore(TrainState state);

 private:
  // What the ranks combine.
  struct Exchanged {
    // [parameters, if sums are exact][words of each step's micro-batches][1 a rank: its
    // speed][2: checksum]
    AlignedVector<int32_t> sums;
    std::vector<uint8_t> exponents_twice;  // [2][blocks]
    AlignedVector<float> float_sums;       // [parameters], unless sums are exact
    std::vector<float> owed_next;          // [parameters], with error feedback
  };

  // Where a rank is by itself.
  struct Local {
    std::vector<float> parameters;
    OptimizerState optimizer;
  };

  absl::StatusOr<StepTiming> TakeStep(const Team& team, GradientReducer* reducer);
  void PrepareExchange(int64_t speeds_at, int64_t ranks);
  std::unique_ptr<EarlyReduction> BeginEarly(GradientReducer* reducer);
  absl::Status ComputeExactly(const StepWork& work, absl::Span<const uint8_t> scales,
                              EarlyReduction* early);
  absl::Status AddExactly(const StepWork& work, size_t m, absl::Span<const uint8_t> scales,
                          EarlyReduction* early);
  absl::Status ComputeFloats(const StepWork& work);
  absl::Status AddMicroBatch(const StepWork& work, size_t m, absl::Span<float> gradient,
                             GradientDone done = IgnoreGradient);
  absl::Status Reduce(absl::Span<const StepWork> works, GradientReducer* reducer,
                      StepTiming* timing, EarlyReduction* early = nullptr);
  Contribution Rest(const EarlyReduction* early);
  absl::Status CheckReduction(absl::Span<const StepWork> works) const;
  // Fill gradient_; its norm.
  absl::StatusOr<double> ExactGradient(const StepWork& work, GradientReducer* reducer,
                                       StepTiming* timing);
  absl::StatusOr<double> FloatGradient(const StepWork& work, GradientReducer* reducer,
                                       StepTiming* timing);
  double MeanLoss(const StepWork& work) const;
  void Update(const StepWork& work, double gradient_norm);

  // In local_rounds.cc.
  absl::StatusOr<StepTiming> TakeRound(const Team& team, GradientReducer* reducer);
  std::vector<StepWork> PlanRound(const Team& team) const;
  absl::StatusOr<std::vector<StepRecord>> WalkAlone(const std::vector<StepWork>& works,
                                                    StepTiming* timing);
  absl::StatusOr<double> TakeLocalStep(const StepWork& work);
  absl::Status MeetAgain(const std::vector<StepWork>& works, GradientReducer* reducer,
                         StepTiming* timing);
  static absl::Status NotFiniteError(int64_t step);

  const TrainerOptions options_;
  TrainableModel* const model_;
  const TrainingData* const data_;
  const Clock* const clock_;
  const std::unique_ptr<const Optimizer> optimizer_;
  TrainState state_;
  bool owed_is_the_teams_ = false;  // of the state

  int64_t part_ = 1 << 19;

  // Of the step or round in flight.
  int64_t speeds_at_ = 0;  // in the sums
  int64_t ranks_in_exchange_ = 1;
  Local local_;
  std::vector<float> gradient_;
  std::vector<uint8_t> exponents_;  // [blocks]
  std::shared_ptr<Exchanged> exchanged_ = std::make_shared<Exchanged>();
};

}  // namespace ropewalk
