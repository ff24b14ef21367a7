#include <CLI/CLI.hpp>

#include "services/client/commands/commands.h"
#include "services/client/worker_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> ListWorkers(Session* session) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const std::vector<v1::Worker> workers, coordinator->ListWorkers());
  const absl::Time now = session->console.clock->Now();
  session->console.out << RenderList(Pointers(workers), session->output,
                                     [&](bool wide) { return WorkerTable(workers, wide, now); });
  return kExitOk;
}

}  // namespace

void AddWorkersList(CLI::App* noun, Session* session) {
  CLI::App* command =
      AddCommand(noun, session, "list", "List all workers", "ropewalk workers list -o wide");
  AddOutput(command, session);
  SetAction(command, session, [session] { return ListWorkers(session); });
}

}  // namespace ropewalk
