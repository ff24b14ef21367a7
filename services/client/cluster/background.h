#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ropewalk {

// Tells the process that started this one how its start went; call it once.
using ReportStart = std::function<void(const absl::Status&)>;

// Runs `body` in a new process of its own session, with both outputs in `log`, and returns what it
// reports, while it goes on. Forks: call it before the first thread starts.
// ABORTED: it ended without a report. DEADLINE_EXCEEDED: no report in time.
absl::Status RunInBackground(const std::string& log, absl::Duration timeout,
                             const std::function<int(const ReportStart&)>& body);

}  // namespace ropewalk
