// Trainer's rounds: several steps that each rank takes by itself, then one that all take together.

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/optim/gradient_norm.h"
#include "worker/optim/outer_step.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/philox.h"
#include "worker/train/trainer.h"

namespace ropewalk {

std::vector<StepWork> Trainer::PlanRound(const Team& team) const {
  const int64_t end = std::min((state_.step / options_.local_steps + 1) * options_.local_steps,
                               data_->plan.total_steps());
  std::vector<StepWork> works;
  for (int64_t step = state_.step; step < end; ++step) {
    works.push_back(StepWork::Plan(*data_, step, team, works.empty() ? 0 : works.back().end));
  }
  return works;
}

absl::StatusOr<StepTiming> Trainer::TakeRound(const Team& team, GradientReducer* reducer) {
  const std::vector<StepWork> works = PlanRound(team);
  StepTiming timing;
  timing.steps = static_cast<int64_t>(works.size());
  for (const StepWork& work : works) timing.own_tokens += work.OwnTokens();
  PrepareExchange(works.back().end, team.weights.size());
  local_.parameters = state_.parameters;
  local_.optimizer = state_.inner;
  absl::StatusOr<std::vector<StepRecord>> records = WalkAlone(works, &timing);
  absl::Status status = records.status();
  if (status.ok()) status = MeetAgain(works, reducer, &timing);
  if (!status.ok()) {
    model_->SetParameters(state_.parameters);
    return status;
  }
  for (size_t i = 0; i < works.size(); ++i) {
    (*records)[i].loss = MeanLoss(works[i]);
    state_.steps.push_back((*records)[i]);
  }
  state_.step = state_.steps.back().step;
  return timing;
}

// The steps that this rank takes; their losses are yet to be reduced.
absl::StatusOr<std::vector<StepRecord>> Trainer::WalkAlone(const std::vector<StepWork>& works,
                                                           StepTiming* timing) {
  const absl::Duration start = clock_->Monotonic();
  std::vector<StepRecord> records;
  for (const StepWork& work : works) {
    StepRecord record;
    record.step = work.step + 1;
    record.tokens = work.tokens;
    record.learning_rate = LearningRate(options_.schedule, work.step);
    ASSIGN_OR_RETURN(record.grad_norm, TakeLocalStep(work));
    records.push_back(record);
  }
  timing->compute += clock_->Monotonic() - start;
  return records;
}

// With the mean gradient of this rank's own targets, whose norm it returns; a rank without any
// stays where it is.
absl::StatusOr<double> Trainer::TakeLocalStep(const StepWork& work) {
  const absl::Span<float> gradient = absl::MakeSpan(gradient_);
  ParallelForElements(gradient.size(), [&](int64_t begin, int64_t end) {
    std::fill(gradient.begin() + begin, gradient.begin() + end, 0.0f);
  });
  int64_t targets = 0;
  for (size_t m = 0; m < work.batches.size(); ++m) {
    if (!work.IsOwn(m)) continue;
    RETURN_IF_ERROR(AddMicroBatch(work, m, gradient));
    targets += work.batches[m].target_count;
  }
  if (targets == 0) return 0.0;
  const double norm = ScaledGradient(1.0f / targets, gradient, gradient);
  if (!std::isfinite(norm)) return NotFiniteError(work.step);
  const double scale = ClipScale(norm, options_.max_grad_norm);
  optimizer_->Step(LearningRate(options_.schedule, work.step), work.step + 1,
                   static_cast<float>(scale), gradient, absl::MakeSpan(local_.parameters),
                   &local_.optimizer);
  model_->SetParameters(local_.parameters);
  return norm;
}

// Reduces how far each has gone, and takes the step that all take together.
absl::Status Trainer::MeetAgain(const std::vector<StepWork>& works, GradientReducer* reducer,
                                StepTiming* timing) {
  const absl::Span<float> moved = absl::MakeSpan(exchanged_->float_sums);
  ParallelForElements(moved.size(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) moved[i] = state_.parameters[i] - local_.parameters[i];
  });
  RETURN_IF_ERROR(Reduce(works, reducer, timing));
  if (!std::isfinite(GradientNorm(moved))) return NotFiniteError(works.back().step);
  OuterStep(options_.outer, 1.0f / ranks_in_exchange_, moved, absl::MakeSpan(state_.parameters),
            absl::MakeSpan(state_.optimizer.floats.at(kOuterMomentum)));
  std::swap(state_.inner, local_.optimizer);
  state_.owed.swap(exchanged_->owed_next);
  model_->SetParameters(state_.parameters);
  return absl::OkStatus();
}

}  // namespace ropewalk
