#include "worker/train/training_job.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "worker/train/evaluator.h"
#include "worker/train/model_card.h"
#include "worker/train/transformer_trainable.h"

namespace ropewalk {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

std::string Canonical(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  return bytes;
}

// The spec without what does not touch a step's numbers.
v1::JobSpec WhatDecides(v1::JobSpec spec) {
  spec.clear_name();
  spec.clear_priority();
  spec.clear_workers();
  spec.clear_adapter();
  spec.clear_base_model();
  spec.clear_train_data();
  spec.clear_eval_data();
  spec.mutable_training()->clear_activation_checkpointing();
  return spec;
}

std::string PlanDigest(const v1::JobSpec& spec, const v1::JobInputs& inputs,
                       const TrainingData& data) {
  Sha256 hash;
  const std::string eval_digest = data.eval.has_value() ? data.eval->digest() : "";
  for (const std::string& part : {Canonical(WhatDecides(spec)), Canonical(inputs),
                                  data.train.digest(), data.plan.digest(), eval_digest}) {
    hash.Update(absl::StrCat(part.size(), ":"));
    hash.Update(part);
  }
  return hash.HexDigest();
}

ScheduleKind KindOf(v1::Schedule schedule) {
  switch (schedule) {
    case v1::SCHEDULE_CONSTANT:
      return ScheduleKind::kConstant;
    case v1::SCHEDULE_LINEAR:
      return ScheduleKind::kLinear;
    case v1::SCHEDULE_WSD:
      return ScheduleKind::kWsd;
    default:
      return ScheduleKind::kCosine;
  }
}

OptimizerKind KindOf(v1::Optimizer optimizer) {
  switch (optimizer) {
    case v1::OPTIMIZER_ADAMW_8BIT:
      return OptimizerKind::kAdamW8Bit;
    case v1::OPTIMIZER_LION:
      return OptimizerKind::kLion;
    case v1::OPTIMIZER_MUON:
      return OptimizerKind::kMuon;
    case v1::OPTIMIZER_SGD:
      return OptimizerKind::kSgd;
    default:
      return OptimizerKind::kAdamW;
  }
}

OptimizerOptions OptimizerOptionsOf(const v1::Training& training) {
  return {.kind = KindOf(training.optimizer()),
          .beta1 = training.adam_beta1(),
          .beta2 = training.adam_beta2(),
          .epsilon = training.adam_epsilon(),
          .weight_decay = training.weight_decay(),
          .momentum = training.momentum(),
          .nesterov = training.nesterov(),
          .muon_scale = training.muon_scale() == v1::MUON_SCALE_MATCH_RMS_ADAMW
                            ? MuonScale::kMatchRmsAdamW
                            : MuonScale::kOriginal};
}

ScheduleOptions ScheduleOptionsOf(const v1::Training& training, int64_t total_steps) {
  return {.kind = KindOf(training.schedule()),
          .peak = training.learning_rate(),
          .warmup_ratio = training.warmup_ratio(),
          .total_steps = total_steps,
          .decay_ratio = training.decay_ratio(),
          .decay = training.decay_shape() == v1::DECAY_SHAPE_LINEAR ? DecayShape::kLinear
                                                                    : DecayShape::kOneMinusSqrt,
          .min_ratio = training.min_learning_rate_ratio()};
}

TrainerOptions OptionsOf(const v1::JobSpec& spec, int64_t total_steps) {
  const v1::Training& training = spec.training();
  TrainerOptions options;
  options.seed = training.seed();
  options.exact = spec.sync().reduction() <= v1::REDUCTION_EXACT;  // or what it is by default
  options.error_feedback = spec.sync().reduction() == v1::REDUCTION_INT8;
  options.local_steps = std::max(1, spec.sync().local_steps());
  options.outer = {spec.sync().outer().learning_rate(), spec.sync().outer().momentum()};
  options.max_grad_norm = training.max_grad_norm();
  options.optimizer = OptimizerOptionsOf(training);
  options.schedule = ScheduleOptionsOf(training, total_steps);
  return options;
}

absl::StatusOr<MemoryChoice> ChooseMemoryOf(const v1::JobSpec& spec, std::optional<int64_t> at_hand,
                                            TrainableModel* model) {
  const v1::Training& training = spec.training();
  MemoryWish wish = {.layers = model->layer_count(),
                     .micro_batch_tokens = training.micro_batch_tokens()};
  if (training.has_activation_checkpointing()) {
    wish.checkpointing = training.activation_checkpointing();
  }
  const TrainerOptions options = OptionsOf(spec, /*total_steps=*/1);
  return ChooseMemory(wish, at_hand, [&](int64_t layers) {
    return Trainer::PlanMemory(options, training.micro_batch_tokens(), layers, model);
  });
}

// What became of the rows, by the names under which everybody knows the files.
std::string DataLog(const char* kind, const Names& versions, const Dataset& data) {
  std::string log;
  for (int i = 0; i < versions.size(); ++i) {
    const FileReport& report = data.reports()[i];
    const nlohmann::ordered_json line = {{kind, versions[i]},
                                         {"rows", report.rows},
                                         {"cut_rows", report.cut_rows},
                                         {"too_long_rows", report.too_long_rows},
                                         {"rows_without_target", report.rows_without_target},
                                         {"documents", report.documents},
                                         {"tokens", report.tokens},
                                         {"target_tokens", report.targets}};
    absl::StrAppend(&log, line.dump(), "\n");
  }
  return log;
}

// Floats as 17 significant digits: equal bits and equal text are the same thing.
std::string TrainingLog(const TrainState& state) {
  std::string log;
  for (const StepRecord& s : state.steps) {
    const nlohmann::ordered_json line = {{"step", s.step},
                                         {"loss", s.loss},
                                         {"learning_rate", s.learning_rate},
                                         {"grad_norm", s.grad_norm},
                                         {"tokens", s.tokens}};
    absl::StrAppend(&log, line.dump(), "\n");
  }
  for (const EvaluationRecord& e : state.evaluations) {
    const nlohmann::ordered_json line = {{"step", e.step},
                                         {"eval_loss", e.loss},
                                         {"exact_matches", e.exact_matches},
                                         {"exact_match_rows", e.exact_match_rows}};
    absl::StrAppend(&log, line.dump(), "\n");
  }
  return log;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingJob>> TrainingJob::Prepare(
    const v1::JobSpec& spec, const v1::JobInputs& inputs, const TrainingFiles& files,
    const Clock* clock, const MemoryMeter& memory_at_hand) {
  ASSIGN_OR_RETURN(TrainingData data, LoadTrainingData(DataOptionsOf(spec, files)));
  // Before the model takes its part, which the plan has, too.
  const std::optional<int64_t> at_hand = memory_at_hand();
  ASSIGN_OR_RETURN(std::unique_ptr<TrainableModel> model,
                   CreateTrainable(files.base_folder, spec.base_model(), spec.method(),
                                   spec.training().precision()));
  ASSIGN_OR_RETURN(MemoryChoice memory, ChooseMemoryOf(spec, at_hand, model.get()));
  model->SetCheckpointedLayers(memory.checkpointed_layers);
  std::string digest = PlanDigest(spec, inputs, data);
  return std::unique_ptr<TrainingJob>(new TrainingJob(spec, inputs, std::move(data),
                                                      std::move(model), std::move(memory),
                                                      std::move(digest), clock));
}

TrainingJob::TrainingJob(v1::JobSpec spec, v1::JobInputs inputs, TrainingData data,
                         std::unique_ptr<TrainableModel> model, MemoryChoice memory,
                         std::string plan_digest, const Clock* clock)
    : spec_(std::move(spec)),
      inputs_(std::move(inputs)),
      data_(std::move(data)),
      model_(std::move(model)),
      memory_(std::move(memory)),
      plan_digest_(std::move(plan_digest)),
      trainer_(std::make_unique<Trainer>(OptionsOf(spec_, data_.plan.total_steps()), model_.get(),
                                         &data_, clock)) {}

bool TrainingJob::EvaluationDue() const {
  if (!data_.eval.has_value()) return false;
  return done() || HasPassed(spec_.training().eval_every_steps());
}

bool TrainingJob::CheckpointDue() const {
  return !done() && HasPassed(spec_.training().checkpoint_every_steps());
}

bool TrainingJob::HasPassed(int64_t every) const {
  if (every <= 0 || state().step == 0) return false;
  const int64_t local_steps = std::max(1, spec_.sync().local_steps());
  const int64_t before = (state().step - 1) / local_steps * local_steps;
  return state().step / every > before / every;
}

absl::StatusOr<EvaluationRecord> TrainingJob::Evaluate(const Team& team, GradientReducer* reducer) {
  ASSIGN_OR_RETURN(const EvaluationRecord record,
                   ropewalk::Evaluate(data_, state().step, spec_.training().eval_max_new_tokens(),
                                      team, model_.get(), reducer));
  std::vector<EvaluationRecord>& all = trainer_->mutable_state()->evaluations;
  all.erase(
      std::remove_if(all.begin(), all.end(), [&](const auto& e) { return e.step == record.step; }),
      all.end());
  all.push_back(record);
  return record;
}

absl::Status TrainingJob::RestoreState(absl::string_view bytes) {
  ASSIGN_OR_RETURN(TrainState state, TrainState::Parse(bytes, plan_digest_, state()));
  trainer_->Restore(std::move(state));
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, std::string>> TrainingJob::Result() const {
  ASSIGN_OR_RETURN(auto files, model_->Export(state().parameters));
  std::string log = DataLog("train_data", inputs_.train_data(), data_.train);
  if (data_.eval.has_value()) log += DataLog("eval_data", inputs_.eval_data(), *data_.eval);
  files["README.md"] = ModelCard(spec_, inputs_, data_, state());
  files["training.jsonl"] = log + TrainingLog(state());
  return files;
}

}  // namespace ropewalk
