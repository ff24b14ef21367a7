#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/client/repository_archive.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct LoadFlags {
  std::string file;
  std::string name;
};

absl::StatusOr<ExitCode> Load(Session* session, const LoadFlags& flags, const std::string& kind) {
  std::string repository;
  if (!flags.name.empty()) {
    ASSIGN_OR_RETURN(const Reference reference, ParseReference(flags.name));
    repository =
        reference.has_kind() ? reference.repository : absl::StrCat(kind, "/", reference.repository);
  }
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const std::string loaded,
                   LoadRepository(registry, flags.file, repository,
                                  [&](const std::string& line) { session->Say(line); }));
  session->console.out << loaded << "\n";
  return kExitOk;
}

}  // namespace

void AddVersionsLoad(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command = AddCommand(noun, session, "load",
                                 "Publish what `save` has written, here or in another registry",
                                 absl::StrCat("ropewalk ", noun->get_name(), " load file.tar"));
  auto flags = std::make_shared<LoadFlags>();
  command->add_option("FILE", flags->file, "The tar file")->required();
  command->add_option("NAME", flags->name, "namespace/name; by default that which it was saved by");
  SetAction(command, session, [=] { return Load(session, *flags, kinds.front()); });
}

}  // namespace ropewalk
