#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

// Reads a job as a person writes it: YAML with the keys of JobSpec. Fills in no defaults and checks
// no values; ValidateJobSpec does. source: the file's name, for errors.
// INVALID_ARGUMENT: not YAML, an unknown or repeated key, or a value of the wrong type; the message
// begins "source:line:column: ".
absl::StatusOr<v1::JobSpec> ParseJobYaml(const std::string& yaml, const std::string& source);

// Applies "key=value", where key is a path of fields ("training.seed") and value is YAML; replaces
// what was there, lists as a whole. INVALID_ARGUMENT: as above; the message begins "--set ".
absl::Status ApplyOverride(const std::string& assignment, v1::JobSpec* spec);

// The spec as YAML that ParseJobYaml reads back to the same spec.
std::string WriteJobYaml(const v1::JobSpec& spec);

}  // namespace ropewalk
