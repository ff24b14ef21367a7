#pragma once

#include <string>
#include <vector>

#include "ropewalk/v1/job_service.pb.h"
#include "worker/train/training_data.h"

namespace ropewalk {

// Where a job's inputs lie on this machine.
struct TrainingFiles {
  std::string base_folder;
  std::vector<std::string> train_files;
  std::vector<std::string> eval_files;
};

// What a job says of its data. `spec` has its defaults filled in.
TrainingDataOptions DataOptionsOf(const v1::JobSpec& spec, const TrainingFiles& files);

}  // namespace ropewalk
