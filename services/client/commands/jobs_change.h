#pragma once

#include <string>

#include "services/client/commands/session.h"

namespace ropewalk {

// A verb on a job, such as "cancel".
struct JobChange {
  std::string verb;
  std::string description;
  absl::StatusOr<v1::Job> (CoordinatorClient::*call)(const std::string& name);
};

// Adds the command `verb JOB`, which prints the job's state after the change.
void AddJobChange(CLI::App* jobs, Session* session, const JobChange& change);

}  // namespace ropewalk
