#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

// Lets the engine's own reader look at what a spec names on this machine: config, weights,
// tokenizer and rows, by `ropewalk-worker check`. So what a worker could not load is told before
// anything is uploaded or queued. Returns what it has to say about each file of data, a line each.
// Where that program is not beside this one, only workers can tell,
// and the answer is empty. program_folder: where the programs are. INVALID_ARGUMENT: the engine's
// message. DEADLINE_EXCEEDED: it takes more than ten minutes.
absl::StatusOr<std::string> CheckWithEngine(const v1::JobSpec& spec,
                                            const std::string& program_folder);

}  // namespace ropewalk
