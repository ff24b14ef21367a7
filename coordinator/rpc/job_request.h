#pragma once

#include <string>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/statusor.h"
#include "coordinator/state/cluster.h"
#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

// The job that a request asks for, with every default, but without a name.
// INVALID_ARGUMENT: spec, inputs or request_id are wrong; the message names the field.
absl::StatusOr<NewJob> CheckJobRequest(const v1::CreateJobRequest& request);

// "jobs/{label}-{6 random letters and digits}".
std::string RandomJobName(const std::string& label, absl::BitGenRef random);

}  // namespace ropewalk
