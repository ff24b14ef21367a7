#pragma once

#include <string>

#include "ropewalk/v1/job_service.pb.h"
#include "worker/train/train_state.h"
#include "worker/train/training_data.h"

namespace ropewalk {

// README.md of a result, as the Hugging Face Hub shows it: what was trained on what and how, how it
// went, and how to load it. A function of the job and its outcome alone, without times and places,
// so that the same training gives the same bytes. `spec` has its defaults filled in.
std::string ModelCard(const v1::JobSpec& spec, const v1::JobInputs& inputs,
                      const TrainingData& data, const TrainState& state);

}  // namespace ropewalk
