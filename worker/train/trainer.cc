#include "worker/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/data/pack.h"
#include "worker/ops/op_timer.h"
#include "worker/ops/packed_tokens.h"
#include "worker/optim/gradient_norm.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/philox.h"
#include "worker/train/checksum.h"
#include "worker/train/fixed_point.h"
#include "worker/train/share.h"

namespace ropewalk {

// The sums' tail, after the parameters: two words a micro-batch for its loss, one that counts how
// often it was computed, one a rank for its speed, two for the checksum. Only the rank that
// computes a micro-batch writes its words, so their "sum" is what it wrote.
struct Trainer::Work {
  std::vector<PackedTokens> batches;
  std::vector<int> rank_of;
  int rank = 0;
  int fraction_bits = 0;
  int64_t tokens = 0;  // of all batches
  int64_t targets = 0;
  int64_t losses_at = 0;
  int64_t counts_at = 0;
  int64_t speeds_at = 0;
  int64_t checksum_at = 0;
  int64_t words = 0;

  bool IsOwn(size_t m) const { return rank_of[m] == rank; }

  int64_t OwnTokens() const {
    int64_t own = 0;
    for (size_t m = 0; m < batches.size(); ++m) own += IsOwn(m) ? batches[m].tokens.size() : 0;
    return own;
  }
};

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
PlannedArrays GradientArrays(int64_t size, bool exact) {
  PlannedArrays arrays;
  arrays.Add("gradient", size * sizeof(float));
  arrays.Add("sums", size * (exact ? sizeof(int32_t) : sizeof(float)));
  arrays.Add("exponents", 3 * BlockCount(size));
  if (exact) arrays.Add("scales", BlockCount(size));
  return arrays;
}

PlannedArrays StateArrays(int64_t size, const OptimizerStateSizes& optimizer) {
  PlannedArrays arrays;
  arrays.Add("parameters", size * sizeof(float));
  for (const auto& [name, floats] : optimizer.floats) arrays.Add(name, floats * sizeof(float));
  for (const auto& [name, bytes] : optimizer.bytes) arrays.Add(name, bytes);
  arrays.Add("window of exponents", ScaleHistory::kWindow * BlockCount(size));
  return arrays;
}

}  // namespace

Trainer::Trainer(TrainerOptions options, TrainableModel* model, const TrainingData* data,
                 const Clock* clock)
    : options_(std::move(options)),
      model_(model),
      data_(data),
      clock_(clock),
      optimizer_(CreateOptimizer(options_.optimizer, TensorsOf(model->layout()))),
      state_(model->layout().size, optimizer_->InitialState()),
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
  plan.parts.push_back({"gradients", GradientArrays(layout.size, options.exact)});
  plan.parts.push_back({"training state", StateArrays(layout.size, optimizer->StateSizes())});
  return plan;
}

void Trainer::Restore(TrainState state) {
  state_ = std::move(state);
  model_->SetParameters(state_.parameters);
}

absl::StatusOr<StepTiming> Trainer::Step(const Team& team, GradientReducer* reducer) {
  const absl::Duration start = clock_->Monotonic();
  const Work work = PlanStep(team);
  StepTiming timing;
  timing.own_tokens = work.OwnTokens();
  ASSIGN_OR_RETURN(const double gradient_norm, options_.exact
                                                   ? ExactGradient(work, reducer, &timing)
                                                   : FloatGradient(work, reducer, &timing));
  Update(work, gradient_norm);
  timing.whole = clock_->Monotonic() - start;
  return timing;
}

Trainer::Work Trainer::PlanStep(const Team& team) const {
  Work work;
  work.rank = team.rank;
  std::vector<int64_t> sizes;
  for (const std::vector<int64_t>& documents : data_->plan.MicroBatches(state_.step)) {
    work.batches.push_back(Pack(data_->train, documents));
    sizes.push_back(work.batches.back().tokens.size());
    work.tokens += sizes.back();
    work.targets += work.batches.back().target_count;
  }
  work.rank_of = DealMicroBatches(sizes, team.weights);
  const int64_t batches = work.batches.size();
  work.fraction_bits = FractionBits(batches);
  work.losses_at = options_.exact ? model_->layout().size : 0;
  work.counts_at = work.losses_at + 2 * batches;
  work.speeds_at = work.counts_at + batches;
  work.checksum_at = work.speeds_at + static_cast<int64_t>(team.weights.size());
  work.words = work.checksum_at + 2;
  return work;
}

// Runs this rank's micro-batches: fills the sums and exponents_, or the float sums and the sums'
// tail.
absl::Status Trainer::Compute(const Work& work, absl::Span<const uint8_t> scales) {
  // A connection that broke may still hold what it was to send.
  if (exchanged_.use_count() > 1) exchanged_ = std::make_shared<Exchanged>();
  exchanged_->sums.resize(work.words);
  exchanged_->float_sums.resize(options_.exact ? 0 : gradient_.size());
  SetToZero(absl::MakeSpan(exchanged_->sums));
  SetToZero(absl::MakeSpan(exchanged_->float_sums));
  std::fill(exponents_.begin(), exponents_.end(), 0);
  for (size_t m = 0; m < work.batches.size(); ++m) {
    if (!work.IsOwn(m)) continue;
    absl::Span<float> gradient =
        absl::MakeSpan(options_.exact ? gradient_ : exchanged_->float_sums);
    if (options_.exact) SetToZero(gradient);
    const RandomKey key{options_.seed, static_cast<uint64_t>(state_.step),
                        static_cast<uint32_t>(m)};
    ASSIGN_OR_RETURN(const double loss, model_->AccumulateGradient(work.batches[m], key, gradient));
    WriteDouble(loss, &exchanged_->sums[work.losses_at + 2 * m]);
    exchanged_->sums[work.counts_at + m] = 1;
    if (!options_.exact) continue;
    const OpTimer timer("exact sum", 0, 12.0 * gradient.size());
    MeasureAndAccumulate(gradient, scales, work.fraction_bits, absl::MakeSpan(exponents_),
                         absl::MakeSpan(exchanged_->sums).first(gradient.size()));
  }
  return absl::OkStatus();
}

absl::Status Trainer::Reduce(const Work& work, GradientReducer* reducer, StepTiming* timing) {
  PutChecksum(absl::MakeSpan(exchanged_->sums));
  exchanged_->exponents_twice.resize(2 * exponents_.size());
  const auto second =
      std::copy(exponents_.begin(), exponents_.end(), exchanged_->exponents_twice.begin());
  std::copy(exponents_.begin(), exponents_.end(), second);
  const absl::Duration start = clock_->Monotonic();
  Contribution contribution;
  contribution.sums = absl::MakeSpan(exchanged_->sums);
  if (options_.exact) contribution.maxima = absl::MakeSpan(exchanged_->exponents_twice);
  contribution.float_sums = absl::MakeSpan(exchanged_->float_sums);
  contribution.owner = exchanged_;
  RETURN_IF_ERROR(reducer->AllReduce(state_.step, contribution));
  timing->ring += clock_->Monotonic() - start;
  std::copy(exchanged_->exponents_twice.begin(),
            exchanged_->exponents_twice.begin() + exponents_.size(), exponents_.begin());
  const absl::Status status = CheckReduction(work);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("step ", state_.step + 1, ": ", status.message()));
}

// Whether what came out of the reduction is what all ranks put in. A sum has a checksum; maxima
// have none that is linear, so they go twice.
absl::Status Trainer::CheckReduction(const Work& work) const {
  RETURN_IF_ERROR(VerifyChecksum(exchanged_->sums));
  if (!std::equal(exponents_.begin(), exponents_.end(),
                  exchanged_->exponents_twice.begin() + exponents_.size())) {
    return absl::InternalError(
        "two copies of the largest exponents differ after their reduction: a link, memory or "
        "processor is faulty");
  }
  for (size_t m = 0; m < work.batches.size(); ++m) {
    if (exchanged_->sums[work.counts_at + m] == 1) continue;
    return absl::InternalError(absl::StrCat("micro-batch ", m, " was computed ",
                                            exchanged_->sums[work.counts_at + m],
                                            " times instead of once"));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> Trainer::ExactGradient(const Work& work, GradientReducer* reducer,
                                              StepTiming* timing) {
  std::vector<uint8_t> scales = state_.scales.Scales();
  for (int attempt = 0;; ++attempt) {
    const absl::Duration start = clock_->Monotonic();
    RETURN_IF_ERROR(Compute(work, scales));
    const absl::Duration time = clock_->Monotonic() - start;
    timing->compute += time;
    exchanged_->sums[work.speeds_at + work.rank] = TokensPerSecond(timing->own_tokens, time);
    RETURN_IF_ERROR(Reduce(work, reducer, timing));
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
  timing->tokens_per_second.assign(&exchanged_->sums[work.speeds_at],
                                   &exchanged_->sums[work.checksum_at]);
  state_.scales.Record(exponents_);
  const OpTimer timer("mean and norm", 0, 8.0 * gradient_.size());
  return FromFixedPoint(absl::MakeSpan(exchanged_->sums).first(gradient_.size()), scales,
                        work.fraction_bits, 1.0 / std::max<int64_t>(1, work.targets),
                        absl::MakeSpan(gradient_));
}

absl::StatusOr<double> Trainer::FloatGradient(const Work& work, GradientReducer* reducer,
                                              StepTiming* timing) {
  const absl::Duration start = clock_->Monotonic();
  RETURN_IF_ERROR(Compute(work, {}));
  timing->compute += clock_->Monotonic() - start;
  RETURN_IF_ERROR(Reduce(work, reducer, timing));
  const float factor = 1.0f / std::max<int64_t>(1, work.targets);
  const double norm = ScaledGradient(factor, exchanged_->float_sums, absl::MakeSpan(gradient_));
  if (std::isfinite(norm)) return norm;
  return absl::OutOfRangeError(
      absl::StrCat("step ", state_.step + 1, ": the gradient is not finite"));
}

void Trainer::Update(const Work& work, double gradient_norm) {
  StepRecord record;
  record.step = state_.step + 1;
  record.tokens = work.tokens;
  for (size_t m = 0; m < work.batches.size(); ++m)
    record.loss += ReadDouble(&exchanged_->sums[work.losses_at + 2 * m]);
  record.loss /= std::max<int64_t>(1, work.targets);
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
