#pragma once

#include <string>

#include "services/client/commands/session.h"
#include "services/client/job_view.h"

namespace ropewalk {

// Watches a job to its end and tells how it ended: the result as data, anything else as a message.
// Ctrl-C detaches: the job goes on, and how to watch or cancel it is said.
absl::StatusOr<ExitCode> FollowToEnd(Session* session, const std::string& job,
                                     absl::Duration timeout, JobView* view);

}  // namespace ropewalk
