#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/client/repository_archive.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct SaveFlags {
  std::string name;
  std::string file;
};

absl::StatusOr<ExitCode> Save(Session* session, const SaveFlags& flags, const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version newest, FindVersion(registry, flags.name, kinds));
  const std::string repository = RepositoryOf(newest.name());
  RETURN_IF_ERROR(SaveRepository(registry, repository, flags.file,
                                 [&](const std::string& line) { session->Say(line); }));
  session->console.out << repository << " is in " << flags.file << "\n";
  return kExitOk;
}

}  // namespace

void AddVersionsSave(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command = AddCommand(
      noun, session, "save", "Write all versions and tags of one into a tar file",
      absl::StrCat("ropewalk ", noun->get_name(), " save ", ExampleName(kinds), " --to file.tar"));
  auto flags = std::make_shared<SaveFlags>();
  command->add_option("NAME", flags->name, "namespace/name")->required();
  command->add_option("--to", flags->file, "The file to make")->type_name("FILE")->required();
  SetAction(command, session, [=] { return Save(session, *flags, kinds); });
}

}  // namespace ropewalk
