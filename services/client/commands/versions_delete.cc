#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> Delete(Session* session, const std::string& name, const Kinds& kinds) {
  ASSIGN_OR_RETURN(const Reference reference, ParseReference(name));
  if (reference.tag.empty() && reference.version.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' says no version; write NAME:TAG or NAME@VERSION"));
  }
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version version, FindVersion(registry, name, kinds));
  RETURN_IF_ERROR(registry->DeleteVersion(version.name()));
  session->Say(absl::StrCat("deleted ", version.name()));
  return kExitOk;
}

}  // namespace

void AddVersionsDelete(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command = AddCommand(noun, session, "delete", "Delete a version and the tags on it",
                                 "ropewalk adapters delete demo/dates@3f2a91");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "namespace/name:TAG or namespace/name@VERSION")->required();
  SetAction(command, session, [=] { return Delete(session, *name, kinds); });
}

}  // namespace ropewalk
