#include <CLI/CLI.hpp>

#include "services/client/commands/commands.h"
#include "services/client/job_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> ListJobs(Session* session) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs, coordinator->ListJobs());
  const absl::Time now = session->console.clock->Now();
  session->console.out << RenderList(Pointers(jobs), session->output,
                                     [&](bool wide) { return JobTable(jobs, wide, now); });
  return kExitOk;
}

}  // namespace

void AddJobsList(CLI::App* jobs, Session* session) {
  CLI::App* command = AddCommand(jobs, session, "list", "List all jobs, newest first",
                                 "ropewalk jobs list -o wide");
  AddOutput(command, session);
  SetAction(command, session, [session] { return ListJobs(session); });
}

}  // namespace ropewalk
