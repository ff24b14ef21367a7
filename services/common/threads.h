#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ropewalk/v1/diagnostics_service.pb.h"

namespace ropewalk {

// The threads of this process, ordered by id, the main one first.
// UNAVAILABLE: the kernel's list could not be read.
absl::StatusOr<v1::ListThreadsResponse> ListThreads();

// Reads one line of /proc/self/task/*/stat. INVALID_ARGUMENT: it is not one. Pure.
absl::StatusOr<v1::Thread> ParseThreadStat(const std::string& line, double ticks_per_second);

// Names the calling thread, as ListThreads and debuggers show it: at most 15 characters are kept.
void SetThreadName(const std::string& name);

}  // namespace ropewalk
