#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/human.h"
#include "services/client/registry_reference.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct PushFlags {
  std::string folder;
  std::string name;
  std::string base_model;
  std::vector<std::string> tags;
};

absl::StatusOr<v1::Lineage> LineageOf(RegistryClient* registry, const PushFlags& flags) {
  v1::Lineage lineage;
  if (flags.base_model.empty()) return lineage;
  ASSIGN_OR_RETURN(const v1::Version base, FindVersion(registry, flags.base_model, {"models"}));
  lineage.set_base_model(base.name());
  lineage.set_base_model_digest(LastPart(base.name()));
  return lineage;
}

// The repository to push to; a version cannot be chosen.
absl::StatusOr<std::string> Target(const std::string& name, const std::string& kind) {
  ASSIGN_OR_RETURN(const Reference reference, ParseReference(name));
  if (!reference.tag.empty() || !reference.version.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "': name the repository alone, and tags with --tag"));
  }
  return reference.has_kind() ? reference.repository
                              : absl::StrCat(kind, "/", reference.repository);
}

absl::StatusOr<ExitCode> Push(Session* session, const PushFlags& flags, const std::string& kind) {
  ASSIGN_OR_RETURN(const std::string repository, Target(flags.name, kind));
  ASSIGN_OR_RETURN(const std::vector<SourceFile> files, SourceFilesBelow(flags.folder));
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Lineage lineage, LineageOf(registry, flags));
  ASSIGN_OR_RETURN(const v1::Version version,
                   registry->Publish(repository, files, lineage, flags.tags));
  session->console.out << RenderOne(version, session->output,
                                    [&] { return version.name() + "\n"; });
  return kExitOk;
}

}  // namespace

void AddVersionsPush(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command =
      AddCommand(noun, session, "push", "Publish a folder as a new version",
                 "ropewalk adapters push my-adapter demo/dates --base org/base --tag stable");
  auto flags = std::make_shared<PushFlags>();
  command->add_option("DIR", flags->folder, "The folder")->required();
  command->add_option("NAME", flags->name, "namespace/name to publish it as")->required();
  command
      ->add_option("--base", flags->base_model, "The model it is for, so that loading is checked")
      ->type_name("NAME[:TAG|@VERSION]");
  command->add_option("--tag", flags->tags, "Tag the version; can be given again");
  AddOutput(command, session);
  SetAction(command, session, [=] { return Push(session, *flags, kinds.front()); });
}

}  // namespace ropewalk
