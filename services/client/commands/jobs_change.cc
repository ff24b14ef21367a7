#include "services/client/commands/jobs_change.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/progress_line.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> Change(Session* session, const JobChange& change,
                                const std::string& name) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const v1::Job job, (coordinator->*change.call)(name));
  session->console.out << RenderOne(job, session->output, [&] {
    return absl::StrCat(job.name(), " ", StateText(job.state()), "\n");
  });
  return kExitOk;
}

}  // namespace

void AddJobChange(CLI::App* jobs, Session* session, const JobChange& change) {
  CLI::App* command = AddCommand(jobs, session, change.verb, change.description,
                                 absl::StrCat("ropewalk jobs ", change.verb, " dates-1"));
  auto name = std::make_shared<std::string>();
  command->add_option("JOB", *name, "The job's name")->required();
  AddOutput(command, session);
  SetAction(command, session, [=] { return Change(session, change, *name); });
}

}  // namespace ropewalk
