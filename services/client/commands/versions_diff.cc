#include <CLI/CLI.hpp>
#include <memory>

#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/client/version_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct DiffFlags {
  std::string a;
  std::string b;
};

absl::StatusOr<ExitCode> Diff(Session* session, const DiffFlags& flags, const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version a, FindVersion(registry, flags.a, kinds));
  ASSIGN_OR_RETURN(const v1::Version b, FindVersion(registry, flags.b, kinds));
  const std::string text = DiffVersions(a, b);
  session->console.out << text;
  if (text.empty()) session->Say("no difference");
  return kExitOk;
}

}  // namespace

void AddVersionsDiff(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command =
      AddCommand(noun, session, "diff", "Compare the files and lineage of two versions",
                 "ropewalk adapters diff demo/dates:stable demo/dates");
  auto flags = std::make_shared<DiffFlags>();
  command->add_option("A", flags->a, "NAME[:TAG|@VERSION]")->required();
  command->add_option("B", flags->b, "NAME[:TAG|@VERSION]")->required();
  SetAction(command, session, [=] { return Diff(session, *flags, kinds); });
}

}  // namespace ropewalk
