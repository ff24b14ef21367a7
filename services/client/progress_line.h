#pragma once

#include <string>

#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

// How a job fares, in one line of at most `width` characters, with a bar where there is room:
// "running    [=====>    ] 50/100   loss 1.2345   12.3k tokens/s   2 workers   3m left". Pure.
std::string ProgressLine(const v1::Job& job, int width);

// The same for a log: no bar, no limit.
std::string PlainProgressLine(const v1::Job& job);

// "running", "queued", ...
std::string StateText(v1::JobState state);

// SUCCEEDED, FAILED or CANCELLED.
bool HasEnded(v1::JobState state);

// "21:14:05  worker_lost  workers/worker-1 ...": an event in one line, in UTC.
std::string EventLine(const v1::JobEvent& event);

}  // namespace ropewalk
