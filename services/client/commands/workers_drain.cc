#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> Drain(Session* session, const std::string& name) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const v1::Worker worker, coordinator->DrainWorker(name));
  session->console.out << RenderOne(worker, session->output, [&] {
    const bool done = worker.state() == v1::Worker::DRAINED;
    return absl::StrCat(worker.name(), done ? " drained\n" : " draining\n");
  });
  return kExitOk;
}

}  // namespace

void AddWorkersDrain(CLI::App* workers, Session* session) {
  CLI::App* command =
      AddCommand(workers, session, "drain",
                 "Take a worker out of service at its next step; its job goes on without it",
                 "ropewalk workers drain worker-0");
  auto name = std::make_shared<std::string>();
  command->add_option("WORKER", *name, "The worker's name")->required();
  AddOutput(command, session);
  SetAction(command, session, [session, name] { return Drain(session, *name); });
}

}  // namespace ropewalk
