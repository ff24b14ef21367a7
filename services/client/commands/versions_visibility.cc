#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/enum_text.h"
#include "services/client/registry_reference.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct VisibilityFlags {
  std::string name;
  std::string visibility;
};

absl::StatusOr<ExitCode> SetVisibility(Session* session, const VisibilityFlags& flags,
                                       const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version version, FindVersion(registry, flags.name, kinds));
  const auto* const value = FindEnumText(v1::Visibility_descriptor(), flags.visibility);
  ASSIGN_OR_RETURN(const v1::Repository repository,
                   registry->SetVisibility(RepositoryOf(version.name()),
                                           static_cast<v1::Visibility>(value->number())));
  session->console.out << RenderOne(repository, session->output, [&] {
    return absl::StrCat(repository.name(), " is ", flags.visibility, "\n");
  });
  return kExitOk;
}

}  // namespace

void AddVersionsVisibility(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command = AddCommand(
      noun, session, "visibility", "Show all versions to everyone, or to their owners only",
      absl::StrCat("ropewalk ", noun->get_name(), " visibility ", ExampleName(kinds), " public"));
  auto flags = std::make_shared<VisibilityFlags>();
  command->add_option("NAME", flags->name, "namespace/name")->required();
  command->add_option("VISIBILITY", flags->visibility, "private or public")
      ->required()
      ->check(CLI::IsMember(EnumTexts(v1::Visibility_descriptor())));
  AddOutput(command, session);
  SetAction(command, session, [=] { return SetVisibility(session, *flags, kinds); });
}

}  // namespace ropewalk
