#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/human.h"
#include "services/client/registry_reference.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct PullFlags {
  std::string name;
  std::string folder;
};

absl::StatusOr<ExitCode> Pull(Session* session, const PullFlags& flags, const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version version, FindVersion(registry, flags.name, kinds));
  RETURN_IF_ERROR(registry->FetchVersion(version, flags.folder));
  session->console.out << RenderOne(version, session->output, [&] {
    return absl::StrCat(version.name(), " is in ", flags.folder, " (",
                        HumanBytes(version.total_bytes()), ")\n");
  });
  return kExitOk;
}

}  // namespace

void AddVersionsPull(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command = AddCommand(
      noun, session, "pull", "Download a version into a new folder, verified",
      absl::StrCat("ropewalk ", noun->get_name(), " pull ", ExampleName(kinds), " --to folder"));
  auto flags = std::make_shared<PullFlags>();
  command
      ->add_option("NAME", flags->name, "namespace/name[:TAG|@VERSION]; the latest without either")
      ->required();
  command->add_option("--to", flags->folder, "The folder to make")->type_name("DIR")->required();
  AddOutput(command, session);
  SetAction(command, session, [=] { return Pull(session, *flags, kinds); });
}

}  // namespace ropewalk
