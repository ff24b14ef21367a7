#include "tests/bench/train/training_run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/clock.h"
#include "services/common/job_spec.h"
#include "services/common/status_macros.h"
#include "tests/bench/train/process_usage.h"
#include "worker/train/trainer.h"
#include "worker/train/transformer_trainable.h"

namespace ropewalk {
namespace {

constexpr double kManyEpochs = 1e6;  // a step is an epoch, and time decides how many there are

absl::StatusOr<v1::BaseStorage> StorageOf(const std::string& name) {
  if (name.empty()) return v1::BASE_STORAGE_UNSPECIFIED;
  std::string upper = "BASE_STORAGE_" + name;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return toupper(c); });
  v1::BaseStorage storage;
  if (v1::BaseStorage_Parse(upper, &storage)) return storage;
  return absl::InvalidArgumentError("no base storage is called '" + name + "'");
}

int64_t CheckpointedLayersOf(const TrainingRunOptions& options, const TrainableModel& model) {
  return options.activation_checkpointing ? model.layer_count() : options.checkpointed_layers;
}

absl::StatusOr<std::unique_ptr<TrainableModel>> LoadModel(const TrainingRunOptions& options) {
  ASSIGN_OR_RETURN(const v1::BaseStorage storage, StorageOf(options.storage));
  v1::JobSpec spec;
  spec.mutable_method()->mutable_lora()->set_base_storage(storage);
  spec = WithDefaults(spec);
  ASSIGN_OR_RETURN(
      std::unique_ptr<TrainableModel> model,
      CreateTrainable(options.model_folder, "random", spec.method(),
                      options.precision == "bf16" ? v1::PRECISION_BF16 : v1::PRECISION_FLOAT32));
  model->SetCheckpointedLayers(CheckpointedLayersOf(options, *model));
  return model;
}

Plan PlanOf(const TrainingRunOptions& options, const Dataset& documents) {
  return Plan({.epochs = kManyEpochs,
               .global_batch_size = documents.size(),
               .micro_batch_tokens = options.micro_batch_tokens},
              documents.lengths());
}

// Every token but a document's first is learnt.
Dataset DatasetOf(const std::vector<std::vector<int32_t>>& documents) {
  std::vector<Document> result;
  for (const std::vector<int32_t>& tokens : documents) {
    result.push_back({.tokens = tokens});
    result.back().Learn(0, tokens.size());
  }
  return Dataset::Of(std::move(result));
}

TrainerOptions OptionsOfTrainer() {
  TrainerOptions options;
  options.schedule = {
      .kind = ScheduleKind::kConstant, .peak = 1e-4, .warmup_ratio = 0, .total_steps = 1 << 30};
  return options;
}

int64_t WeightBytes(const MemoryPlan& plan) {
  int64_t bytes = 0;
  for (const MemoryPart& part : plan.parts) {
    if (absl::EndsWith(part.name, "weights")) bytes += part.arrays.bytes();
  }
  return bytes;
}

}  // namespace

const MeasuredStep& TrainingRun::MedianStep() const {
  std::vector<const MeasuredStep*> sorted;
  for (const MeasuredStep& step : steps) sorted.push_back(&step);
  const auto median = sorted.begin() + sorted.size() / 2;
  std::nth_element(
      sorted.begin(), median, sorted.end(),
      [](const MeasuredStep* a, const MeasuredStep* b) { return a->seconds < b->seconds; });
  return **median;
}

absl::StatusOr<TrainingRun> RunTraining(const TrainingRunOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TrainableModel> model, LoadModel(options));
  Dataset documents = DatasetOf(options.documents);
  Plan plan = PlanOf(options, documents);
  const TrainingData data{nullptr, std::move(documents), std::move(plan), std::nullopt, {}};
  Trainer trainer(OptionsOfTrainer(), model.get(), &data, Clock::Real());
  SoloReducer reducer;
  TrainingRun run;
  run.first_step_seconds = SecondsSinceProcessStart();
  run.loaded_bytes = MemoryBytes();
  run.weight_bytes =
      WeightBytes(Trainer::PlanMemory(OptionsOfTrainer(), options.micro_batch_tokens,
                                      CheckpointedLayersOf(options, *model), model.get()));
  double measured = 0;
  for (int step = 0;
       static_cast<int>(run.steps.size()) < options.least_steps || measured < options.seconds;
       ++step) {
    BeginOpTimes();
    ASSIGN_OR_RETURN(const StepTiming timing, trainer.Step(Team(), &reducer));
    OpTotals ops = EndOpTimes();
    run.losses.push_back(trainer.state().steps.back().loss);
    if (step < options.warm_up_steps) continue;
    run.steps.push_back({absl::ToDoubleSeconds(timing.whole), std::move(ops)});
    measured += run.steps.back().seconds;
  }
  run.peak_bytes = PeakMemoryBytes();
  return run;
}

absl::StatusOr<MemoryPlan> PlanTraining(const TrainingRunOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<TrainableModel> model, LoadModel(options));
  return Trainer::PlanMemory(OptionsOfTrainer(), options.micro_batch_tokens,
                             CheckpointedLayersOf(options, *model), model.get());
}

std::vector<std::vector<int64_t>> MicroBatchesOf(const TrainingRunOptions& options) {
  return PlanOf(options, DatasetOf(options.documents)).MicroBatches(0);
}

}  // namespace ropewalk
