#include "services/client/exit_code.h"

namespace ropewalk {

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  return absl::IsNotFound(status) ? kExitNotFound : kExitError;
}

ExitCode ExitCodeOf(const Followed& followed) {
  if (followed.end != FollowEnd::kJobEnded) return kExitUnfinished;
  switch (followed.job.state()) {
    case v1::JOB_STATE_SUCCEEDED:
      return kExitOk;
    case v1::JOB_STATE_CANCELLED:
      return kExitCancelled;
    default:
      return kExitJobFailed;
  }
}

}  // namespace ropewalk
