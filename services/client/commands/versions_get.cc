#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/client/version_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> Get(Session* session, const std::string& name, const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version version, FindVersion(registry, name, kinds));
  const absl::Time now = session->console.clock->Now();
  session->console.out << RenderOne(version, session->output,
                                    [&] { return DescribeVersion(version, now); });
  return kExitOk;
}

}  // namespace

void AddVersionsGet(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command = AddCommand(
      noun, session, "get", "Show one version: where it comes from, metrics and files",
      absl::StrCat("ropewalk ", noun->get_name(), " get ", ExampleName(kinds), ":latest"));
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "namespace/name[:TAG|@VERSION]; the latest without either")
      ->required();
  AddOutput(command, session);
  SetAction(command, session, [=] { return Get(session, *name, kinds); });
}

}  // namespace ropewalk
