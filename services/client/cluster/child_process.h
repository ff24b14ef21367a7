#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/client/cluster/process_id.h"

namespace ropewalk {

// Starts a program, found by its path, with standard input closed and both outputs appended to the
// log. It gets a process group of its own, so that a terminal's Ctrl-C reaches the supervisor only,
// and no blocked signals. The caller is its parent and reaps it.
absl::StatusOr<ProcessId> StartProcess(const std::vector<std::string>& command,
                                       const std::string& log);

// The last `lines` lines of a log file; "" if it cannot be read.
std::string LastLines(const std::string& log, int lines);

}  // namespace ropewalk
