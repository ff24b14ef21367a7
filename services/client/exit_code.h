#pragma once

#include "absl/status/status.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/client/follow_job.h"

namespace ropewalk {

// What the command says to a script.
enum ExitCode {
  kExitOk = 0,
  kExitError = 1,
  kExitUsage = 2,
  kExitJobFailed = 100,
  kExitUnfinished = 101,  // detached, or a timeout passed
  kExitNotFound = 102,
  kExitCancelled = 103,
};

ExitCode ExitCodeOf(const absl::Status& status);
ExitCode ExitCodeOf(const Followed& followed);

}  // namespace ropewalk
