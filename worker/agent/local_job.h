#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ropewalk/v1/job_service.pb.h"
#include "worker/train/data_options.h"

namespace ropewalk {

// A job whose base model and data are paths on this machine, as the commands of ropewalk-worker
// take it.

// The spec with its defaults. INVALID_ARGUMENT: not the JSON of a JobSpec.
absl::StatusOr<v1::JobSpec> ParseLocalJob(const std::string& json);

TrainingFiles LocalFilesOf(const v1::JobSpec& spec);

}  // namespace ropewalk
