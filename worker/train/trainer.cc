#include "worker/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/ops/op_timer.h"
#include "worker/optim/gradient_norm.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/philox.h"
#include "worker/train/checksum.h"
#include "worker/train/early_reduction.h"
#include "worker/train/fixed_point.h"

namespace ropewalk {

namespace {

void WriteDouble(double value, int32_t* words) { std::memcpy(words, &value, sizeof(value)); }

template <typename T>
void SetToZero(absl::Span<T> x) {
  ParallelForElements(x.size(), [&](int64_t begin, int64_t end) {
    std::fill(x.begin() + begin, x.begin() + end, T{0});
  });
}

// At least 1 if there were any tokens.
int32_t TokensPerSecond(int64_t tokens, absl::Duration time) {
  constexpr double kMost = 1 << 30;
  if (tokens == 0) return 0;
  const double seconds = std::max(absl::ToDoubleSeconds(time), tokens / kMost);
  return std::max(1, static_cast<int32_t>(tokens / seconds));
}

double ReadDouble(const int32_t* words) {
  double value;
  std::memcpy(&value, words, sizeof(value));
  return value;
}

std::vector<OptimizedTensor> TensorsOf(const ParameterLayout& layout) {
  std::vector<OptimizedTensor> tensors;
  for (const ParameterEntry& entry : layout.entries) {
    const bool matrix = entry.shape.size() == 2;
    tensors.push_back({.offset = entry.offset,
                       .rows = entry.shape[0],
                       .columns = matrix ? entry.shape[1] : 1,
                       .decay = entry.decay,
                       .hidden_matrix = matrix && !entry.per_token,
                       .learning_rate_factor = entry.learning_rate_factor});
  }
  return tensors;
}

// Of as many parameters; what a micro-batch adds to the sums is not worth a line.
PlannedArrays GradientArrays(int64_t size, const TrainerOptions& options) {
  const bool exact = options.exact;
  PlannedArrays arrays;
  arrays.Add("gradient", size * sizeof(float));
  arrays.Add("sums", size * (exact ? sizeof(int32_t) : sizeof(float)));
  arrays.Add("exponents", 3 * BlockCount(size));
  if (exact) arrays.Add("scales", BlockCount(size));
  if (options.error_feedback) arrays.Add("owed", 2 * size * sizeof(float));
  return arrays;
}

PlannedArrays StateArrays(int64_t size, const OptimizerStateSizes& optimizer, bool local) {
  PlannedArrays arrays;
  arrays.Add("parameters", size * sizeof(float));
  if (local) {
    arrays.Add("outer momentum", size * sizeof(float));
    arrays.Add("local parameters", size * sizeof(float));
    for (const auto& [name, floats] : optimizer.floats) {
      arrays.Add("local " + name, floats * sizeof(float));
    }
    for (const auto& [name, bytes] : optimizer.bytes) arrays.Add("local " + name, bytes);
  }
  for (const auto& [name, floats] : optimizer.floats) arrays.Add(name, floats * sizeof(float));
  for (const auto& [name, bytes] : optimizer.bytes) arrays.Add(name, bytes);
  arrays.Add("window of exponents", ScaleHistory::kWindow * BlockCount(size));
  return arrays;
}

// What is the same on all ranks, and each rank's own.
TrainState FirstState(int64_t size, const TrainerOptions& options, const Optimizer& optimizer) {
  const bool local = options.local_steps > 1;
  OptimizerState outer;
  if (local) outer.floats[kOuterMomentum].resize(size);
  TrainState state(size, local ? std::move(outer) : optimizer.InitialState());
  if (local) state.inner = optimizer.InitialState();
  if (options.error_feedback) state.owed.resize(size);
  return state;
}

}  // namespace

Trainer::Trainer(TrainerOptions options, TrainableModel* model, const TrainingData* data,
                 const Clock* clock)
    : options_(std::move(options)),
      model_(model),
      data_(data),
      clock_(clock),
      optimizer_(CreateOptimizer(options_.optimizer, TensorsOf(model->layout()))),
      state_(FirstState(model->layout().size, options_, *optimizer_)),
      gradient_(model->layout().size),
      exponents_(BlockCount(model->layout().size)) {
  model_->InitializeParameters(options_.seed, absl::MakeSpan(state_.parameters));
  model_->SetParameters(state_.parameters);
}

MemoryPlan Trainer::PlanMemory(const TrainerOptions& options, int64_t micro_batch_tokens,
                               int64_t checkpointed_layers, TrainableModel* model) {
  MemoryPlan plan = model->PlanMemory(micro_batch_tokens, checkpointed_layers);
  const ParameterLayout& layout = model->layout();
  const auto optimizer = CreateOptimizer(options.optimizer, TensorsOf(layout));
  plan.parts.push_back({"gradients", GradientArrays(layout.size, options)});
  plan.parts.push_back({"training state", StateArrays(layout.size, optimizer->StateSizes(),
                                                      options.local_steps > 1)});
  return plan;
}

void Trainer::Restore(TrainState state) {
  state_ = std::move(state);
  owed_is_the_teams_ = true;
  model_->SetParameters(state_.parameters);
}

void Trainer::ForgetOwed() { SetToZero(absl::MakeSpan(state_.owed)); }

absl::Status Trainer::GatherOwed(const Team& team, GradientReducer* reducer) {
  if (!options_.error_feedback) return absl::OkStatus();
  std::vector<float> owed = state_.owed;
  Contribution contribution;
  contribution.float_sums = absl::MakeSpan(owed);
  contribution.plain = true;
  RETURN_IF_ERROR(reducer->AllReduce(state_.step, contribution));
  state_.owed.swap(owed);
  if (team.rank != 0) ForgetOwed();
  return absl::OkStatus();
}

absl::StatusOr<StepTiming> Trainer::Step(const Team& team, GradientReducer* reducer) {
  const absl::Duration start = clock_->Monotonic();
  if (std::exchange(owed_is_the_teams_, false) && team.rank != 0) ForgetOwed();
  absl::StatusOr<StepTiming> timing =
      options_.local_steps > 1 ? TakeRound(team, reducer) : TakeStep(team, reducer);
  if (timing.ok()) timing->whole = clock_->Monotonic() - start;
  return timing;
}

absl::StatusOr<StepTiming> Trainer::TakeStep(const Team& team, GradientReducer* reducer) {
  const int64_t words_at = options_.exact ? model_->layout().size : 0;
  const StepWork work = StepWork::Plan(*data_, state_.step, team, words_at);
  ranks_in_exchange_ = static_cast<int64_t>(team.weights.size());
  StepTiming timing;
  timing.own_tokens = work.OwnTokens();
  ASSIGN_OR_RETURN(const double gradient_norm, options_.exact
                                                   ? ExactGradient(work, reducer, &timing)
                                                   : FloatGradient(work, reducer, &timing));
  Update(work, gradient_norm);
  return timing;
}

void Trainer::PrepareExchange(int64_t speeds_at, int64_t ranks) {
  speeds_at_ = speeds_at;
  ranks_in_exchange_ = ranks;
  // A connection that broke may still hold what it was to send.
  if (exchanged_.use_count() > 1) exchanged_ = std::make_shared<Exchanged>();
  exchanged_->sums.resize(speeds_at + ranks + 2);
  exchanged_->float_sums.resize(options_.exact ? 0 : gradient_.size());
  exchanged_->owed_next.resize(state_.owed.size());
  SetToZero(absl::MakeSpan(exchanged_->sums));
  SetToZero(absl::MakeSpan(exchanged_->float_sums));
}

// If there is somebody to reduce with, and more than one part.
std::unique_ptr<EarlyReduction> Trainer::BeginEarly(GradientReducer* reducer) {
  constexpr int64_t kMostParts = 64;
  const int64_t size = gradient_.size();
  const int64_t part = std::max(part_, size / kMostParts) / kBlockSize * kBlockSize;
  if (ranks_in_exchange_ == 1 || size <= part) return nullptr;
  return std::make_unique<EarlyReduction>(state_.step, absl::MakeSpan(exchanged_->sums).first(size),
                                          part, exchanged_, reducer);
}

// Runs this rank's micro-batches: fills the sums, parts of which are reduced with the last
// micro-batch if there is `early`, and exponents_.
absl::Status Trainer::ComputeExactly(const StepWork& work, absl::Span<const uint8_t> scales,
                                     EarlyReduction* early) {
  std::fill(exponents_.begin(), exponents_.end(), 0);
  const size_t last = work.LastOwn();
  for (size_t m = 0; m < work.batches.size(); ++m) {
    if (!work.IsOwn(m)) continue;
    SetToZero(absl::MakeSpan(gradient_));
    RETURN_IF_ERROR(AddExactly(work, m, scales, m == last ? early : nullptr));
  }
  if (early != nullptr) early->Complete(0);
  return absl::OkStatus();
}

// Adds to the sums and to exponents_, with `early` as soon as blocks of the gradient are complete.
absl::Status Trainer::AddExactly(const StepWork& work, size_t m, absl::Span<const uint8_t> scales,
                                 EarlyReduction* early) {
  const int fraction_bits = FractionBits(work.batches.size());
  int64_t end = gradient_.size();
  const auto add_from = [&](int64_t element) {
    const int64_t block = BlockCount(element), first = block * kBlockSize;
    if (first >= end) return;
    const OpTimer timer("exact sum", 0, 12.0 * (end - first));
    MeasureAndAccumulate(absl::MakeConstSpan(gradient_).subspan(first, end - first),
                         scales.subspan(block), fraction_bits,
                         absl::MakeSpan(exponents_).subspan(block),
                         absl::MakeSpan(exchanged_->sums).subspan(first, end - first));
    end = first;
    if (early != nullptr) early->Complete(first);
  };
  RETURN_IF_ERROR(AddMicroBatch(work, m, absl::MakeSpan(gradient_), [&](int64_t first) {
    if (early != nullptr) add_from(first);
  }));
  add_from(0);
  return absl::OkStatus();
}

// Runs this rank's micro-batches: fills the float sums and the sums' words.
absl::Status Trainer::ComputeFloats(const StepWork& work) {
  for (size_t m = 0; m < work.batches.size(); ++m) {
    if (!work.IsOwn(m)) continue;
    RETURN_IF_ERROR(AddMicroBatch(work, m, absl::MakeSpan(exchanged_->float_sums)));
  }
  return absl::OkStatus();
}

// Adds to `gradient`, and writes the micro-batch's words.
absl::Status Trainer::AddMicroBatch(const StepWork& work, size_t m, absl::Span<float> gradient,
                                    GradientDone done) {
  const RandomKey key{options_.seed, static_cast<uint64_t>(work.step), static_cast<uint32_t>(m)};
  ASSIGN_OR_RETURN(const double loss,
                   model_->AccumulateGradient(work.batches[m], key, gradient, done));
  WriteDouble(loss, &exchanged_->sums[work.losses_at + 2 * m]);
  exchanged_->sums[work.counts_at + m] = 1;
  return absl::OkStatus();
}

// What this rank puts in, but for what is reduced already, with its checksum.
Contribution Trainer::Rest(const EarlyReduction* early) {
  const absl::Span<int32_t> sums = absl::MakeSpan(exchanged_->sums);
  const int64_t reduced = early == nullptr ? 0 : gradient_.size();
  LinearChecksum checksum = early == nullptr ? LinearChecksum() : early->checksum();
  checksum += ChecksumOf(sums.subspan(reduced, sums.size() - 2 - reduced), reduced);
  PutChecksum(checksum, sums);
  exchanged_->exponents_twice.resize(2 * exponents_.size());
  const auto second =
      std::copy(exponents_.begin(), exponents_.end(), exchanged_->exponents_twice.begin());
  std::copy(exponents_.begin(), exponents_.end(), second);
  Contribution contribution;
  contribution.sums = sums.subspan(reduced);
  if (options_.exact) contribution.maxima = absl::MakeSpan(exchanged_->exponents_twice);
  contribution.float_sums = absl::MakeSpan(exchanged_->float_sums);
  contribution.owed = state_.owed;
  contribution.owed_next = absl::MakeSpan(exchanged_->owed_next);
  contribution.owner = exchanged_;
  return contribution;
}

absl::Status Trainer::Reduce(absl::Span<const StepWork> works, GradientReducer* reducer,
                             StepTiming* timing, EarlyReduction* early) {
  const Contribution rest = Rest(early);
  const absl::Duration start = clock_->Monotonic();
  if (early != nullptr) RETURN_IF_ERROR(early->Finish());
  RETURN_IF_ERROR(reducer->AllReduce(state_.step, rest));
  timing->ring += clock_->Monotonic() - start;
  std::copy(exchanged_->exponents_twice.begin(),
            exchanged_->exponents_twice.begin() + exponents_.size(), exponents_.begin());
  const absl::Status status = CheckReduction(works);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("step ", state_.step + 1, ": ", status.message()));
}

// Whether what came out of the reduction is what all ranks put in. A sum has a checksum; maxima
// have none that is linear, so they go twice.
absl::Status Trainer::CheckReduction(absl::Span<const StepWork> works) const {
  RETURN_IF_ERROR(VerifyChecksum(exchanged_->sums));
  if (!std::equal(exponents_.begin(), exponents_.end(),
                  exchanged_->exponents_twice.begin() + exponents_.size())) {
    return absl::InternalError(
        "two copies of the largest exponents differ after their reduction: a link, memory or "
        "processor is faulty");
  }
  for (const StepWork& work : works) {
    for (size_t m = 0; m < work.batches.size(); ++m) {
      const int32_t times = exchanged_->sums[work.counts_at + m];
      if (times == 1) continue;
      return absl::InternalError(absl::StrCat("micro-batch ", m, " of step ", work.step + 1,
                                              " was computed ", times, " times instead of once"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<double> Trainer::ExactGradient(const StepWork& work, GradientReducer* reducer,
                                              StepTiming* timing) {
  std::vector<uint8_t> scales = state_.scales.Scales();
  for (int attempt = 0;; ++attempt) {
    PrepareExchange(work.end, ranks_in_exchange_);
    const std::unique_ptr<EarlyReduction> early = BeginEarly(reducer);
    const absl::Duration start = clock_->Monotonic();
    RETURN_IF_ERROR(ComputeExactly(work, scales, early.get()));
    const absl::Duration time = clock_->Monotonic() - start;
    timing->compute += time;
    exchanged_->sums[speeds_at_ + work.rank] = TokensPerSecond(timing->own_tokens, time);
    RETURN_IF_ERROR(Reduce({&work, 1}, reducer, timing, early.get()));
    if (const auto bad = std::find(exponents_.begin(), exponents_.end(), kNonFinite);
        bad != exponents_.end()) {
      return absl::OutOfRangeError(absl::StrCat(
          "step ", state_.step + 1, ": the gradient of block ", bad - exponents_.begin(),
          " is not finite; a smaller learning rate, a longer warm-up or precision float32 may "
          "help"));
    }
    if (ScalesCover(scales, exponents_)) break;
    if (attempt == 1)
      return absl::InternalError("the same micro-batches gave other gradients the second time");
    // Measured on the same micro-batches and parameters, so these cover the second attempt exactly.
    scales.assign(exponents_.begin(), exponents_.end());
    timing->recomputed = true;
  }
  const int32_t* const speeds = &exchanged_->sums[speeds_at_];
  timing->tokens_per_second.assign(speeds, speeds + ranks_in_exchange_);
  state_.scales.Record(exponents_);
  const OpTimer timer("mean and norm", 0, 8.0 * gradient_.size());
  return FromFixedPoint(absl::MakeSpan(exchanged_->sums).first(gradient_.size()), scales,
                        FractionBits(work.batches.size()), 1.0 / std::max<int64_t>(1, work.targets),
                        absl::MakeSpan(gradient_));
}

absl::StatusOr<double> Trainer::FloatGradient(const StepWork& work, GradientReducer* reducer,
                                              StepTiming* timing) {
  PrepareExchange(work.end, ranks_in_exchange_);
  const absl::Duration start = clock_->Monotonic();
  RETURN_IF_ERROR(ComputeFloats(work));
  timing->compute += clock_->Monotonic() - start;
  RETURN_IF_ERROR(Reduce({&work, 1}, reducer, timing));
  const float factor = 1.0f / std::max<int64_t>(1, work.targets);
  const double norm = ScaledGradient(factor, exchanged_->float_sums, absl::MakeSpan(gradient_));
  if (!std::isfinite(norm)) return NotFiniteError(state_.step);
  state_.owed.swap(exchanged_->owed_next);
  return norm;
}

absl::Status Trainer::NotFiniteError(int64_t step) {
  return absl::OutOfRangeError(absl::StrCat("step ", step + 1, ": the gradient is not finite"));
}

double Trainer::MeanLoss(const StepWork& work) const {
  double loss = 0;
  for (size_t m = 0; m < work.batches.size(); ++m) {
    loss += ReadDouble(&exchanged_->sums[work.losses_at + 2 * m]);
  }
  return loss / std::max<int64_t>(1, work.targets);
}

void Trainer::Update(const StepWork& work, double gradient_norm) {
  StepRecord record;
  record.step = state_.step + 1;
  record.tokens = work.tokens;
  record.loss = MeanLoss(work);
  record.learning_rate = LearningRate(options_.schedule, state_.step);
  record.grad_norm = gradient_norm;
  const double scale = ClipScale(gradient_norm, options_.max_grad_norm);
  const OpTimer timer("optimizer", 0, 28.0 * gradient_.size());
  optimizer_->Step(record.learning_rate, record.step, static_cast<float>(scale), gradient_,
                   absl::MakeSpan(state_.parameters), &state_.optimizer);
  model_->SetParameters(state_.parameters);
  state_.steps.push_back(record);
  state_.step = record.step;
}

}  // namespace ropewalk
