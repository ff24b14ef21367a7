#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/ops/op_timer.h"
#include "worker/train/memory_plan.h"

namespace ropewalk {

// What is measured: steps of a one-worker job, LoRA r = 16 on every linear layer with AdamW, over
// the same documents every step.
struct TrainingRunOptions {
  std::string model_folder;
  std::string precision = "bf16";  // or "float32"
  std::string storage;             // a job's base_storage, "nf4"; empty: as the folder has it
  std::vector<std::vector<int32_t>> documents;  // of a step
  int64_t micro_batch_tokens = 2048;            // a job's default; at least the longest document
  bool activation_checkpointing = false;        // of all layers
  int64_t checkpointed_layers = 0;              // otherwise
  int warm_up_steps = 2;
  int least_steps = 3;  // measured ones
  double seconds = 10;  // at least, of measured steps
};

struct MeasuredStep {
  double seconds = 0;
  OpTotals ops;
};

struct TrainingRun {
  double first_step_seconds = 0;    // from the start of the process until the first step began
  std::vector<MeasuredStep> steps;  // without those that were not measured
  std::vector<double> losses;       // of all steps, per target token
  int64_t loaded_bytes = 0;         // of the process, when the first step began
  int64_t weight_bytes = 0;         // that the base takes, mapped or not, as the plan has it
  int64_t peak_bytes = 0;           // of the process, at the end of the last step

  // The step that took the median time.
  const MeasuredStep& MedianStep() const;
};

// The errors of CreateTrainable and Trainer::Step.
absl::StatusOr<TrainingRun> RunTraining(const TrainingRunOptions& options);

// What such a run keeps in memory with micro-batches of micro_batch_tokens. The errors of
// CreateTrainable.
absl::StatusOr<MemoryPlan> PlanTraining(const TrainingRunOptions& options);

// The documents of each micro-batch, by index, as the job packs them.
std::vector<std::vector<int64_t>> MicroBatchesOf(const TrainingRunOptions& options);

}  // namespace ropewalk
