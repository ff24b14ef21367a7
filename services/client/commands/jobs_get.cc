#include <CLI/CLI.hpp>
#include <memory>

#include "services/client/commands/commands.h"
#include "services/client/job_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> GetJob(Session* session, const std::string& name) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const v1::Job job, coordinator->GetJob(name));
  const absl::Time now = session->console.clock->Now();
  session->console.out << RenderOne(job, session->output, [&] { return DescribeJob(job, now); });
  return kExitOk;
}

}  // namespace

void AddJobsGet(CLI::App* jobs, Session* session) {
  CLI::App* command = AddCommand(jobs, session, "get", "Show one job in full, with its spec",
                                 "ropewalk jobs get dates-1 -o yaml");
  auto name = std::make_shared<std::string>();
  command->add_option("JOB", *name, "The job's name")->required();
  AddOutput(command, session);
  SetAction(command, session, [session, name] { return GetJob(session, *name); });
}

}  // namespace ropewalk
