#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/clock.h"
#include "worker/train/data_options.h"
#include "worker/train/memory_at_hand.h"
#include "worker/train/memory_choice.h"
#include "worker/train/trainer.h"
#include "worker/train/training_data.h"

namespace ropewalk {

// A job, loaded and ready to train on this worker: model, data, trainer. Not thread-safe.
class TrainingJob {
 public:
  // Loads everything; may take long. `spec` has its defaults filled in; `inputs` names the
  // immutable versions that `files` hold. Layers are checkpointed as the memory at hand has it,
  // unless the job says how. The errors of CreateTrainable, LoadTrainingData and ChooseMemory.
  static absl::StatusOr<std::unique_ptr<TrainingJob>> Prepare(const v1::JobSpec& spec,
                                                              const v1::JobInputs& inputs,
                                                              const TrainingFiles& files,
                                                              const Clock* clock,
                                                              const MemoryMeter& memory_at_hand);

  Trainer& trainer() { return *trainer_; }
  const TrainState& state() const { return trainer_->state(); }
  int64_t total_steps() const { return data_.plan.total_steps(); }
  bool done() const { return state().step >= total_steps(); }

  // In hex; of everything that decides what a step computes. Equal on all workers of a job.
  const std::string& plan_digest() const { return plan_digest_; }

  // What the job takes of this machine's memory.
  const MemoryChoice& memory() const { return memory_; }

  // Whether the job wants an evaluation after as many steps as have been taken.
  bool EvaluationDue() const;
  bool CheckpointDue() const;

  // Evaluates with the team and records the result, in place of an earlier one of the same step.
  absl::StatusOr<EvaluationRecord> Evaluate(const Team& team, GradientReducer* reducer);

  // Replaces the trained state by one serialised from the same job. TrainState::Parse's errors.
  absl::Status RestoreState(absl::string_view bytes);

  // What to publish, path → bytes: the model's folder and training.jsonl, the record of the data
  // and of every step.
  // Holds nothing that depends on when, where and by how many workers it was made.
  absl::StatusOr<std::map<std::string, std::string>> Result() const;

 private:
  TrainingJob(v1::JobSpec spec, v1::JobInputs inputs, TrainingData data,
              std::unique_ptr<TrainableModel> model, MemoryChoice memory, std::string plan_digest,
              const Clock* clock);

  // Whether the last step or round has reached a multiple of `every`; 0: never.
  bool HasPassed(int64_t every) const;

  const v1::JobSpec spec_;
  const v1::JobInputs inputs_;
  const TrainingData data_;
  const std::unique_ptr<TrainableModel> model_;
  const MemoryChoice memory_;
  const std::string plan_digest_;
  const std::unique_ptr<Trainer> trainer_;
};

}  // namespace ropewalk
