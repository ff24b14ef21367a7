#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/client/commands/session.h"

namespace ropewalk {

// A job as a person names it on the command line.
struct JobFileFlags {
  std::string file;
  std::vector<std::string> overrides;
};

// Adds JOB.yaml and --set.
void AddJobFile(CLI::App* command, JobFileFlags* flags);

// The job as written, changed by --set, and checked as far as the spec and the files on this
// machine allow without the engine. INVALID_ARGUMENT: all that is wrong with it.
absl::StatusOr<v1::JobSpec> LoadJobFile(const JobFileFlags& flags);

}  // namespace ropewalk
