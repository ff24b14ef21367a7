#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "services/client/commands/commands.h"
#include "services/client/message_tree.h"
#include "services/client/yaml_writer.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> GetWorker(Session* session, const std::string& name) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const v1::Worker worker, coordinator->GetWorker(name));
  session->console.out << RenderOne(worker, session->output,
                                    [&] { return WriteYaml(ToTree(worker)); });
  return kExitOk;
}

}  // namespace

void AddWorkersGet(CLI::App* workers, Session* session) {
  CLI::App* command = AddCommand(workers, session, "get", "Show one worker in full",
                                 "ropewalk workers get worker-0");
  auto name = std::make_shared<std::string>();
  command->add_option("WORKER", *name, "The worker's name")->required();
  AddOutput(command, session);
  SetAction(command, session, [session, name] { return GetWorker(session, *name); });
}

}  // namespace ropewalk
