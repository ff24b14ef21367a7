#pragma once

#include "absl/status/status.h"
#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

// The spec with every field that is absent set to the default that job_service.proto gives it. An
// enum left at its *_UNSPECIFIED value counts as absent. What has no default stays absent.
v1::JobSpec WithDefaults(v1::JobSpec spec);

// Checks all that can be checked without opening a file; absent fields count as their defaults.
// INVALID_ARGUMENT: lists every fault, each with the field as the YAML writes it
// ("training.micro_batch_tokens"), what was given and what is allowed.
absl::Status ValidateJobSpec(const v1::JobSpec& spec);

}  // namespace ropewalk
