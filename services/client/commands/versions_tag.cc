#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct TagFlags {
  std::string name;
  std::string version;
  std::string tag;
  bool protect = false;
  bool immutable = false;
  bool force = false;
};

// VERSION is digits or the name of another tag; the tag wins where a word could be both.
absl::StatusOr<v1::Version> FindTarget(RegistryClient* registry, const TagFlags& flags,
                                       const Kinds& kinds) {
  auto by_tag = FindVersion(registry, absl::StrCat(flags.name, ":", flags.version), kinds);
  if (by_tag.ok()) return by_tag;
  auto by_digits = FindVersion(registry, absl::StrCat(flags.name, "@", flags.version), kinds);
  return absl::IsInvalidArgument(by_digits.status()) ? by_tag : by_digits;
}

absl::StatusOr<ExitCode> SetTag(Session* session, const TagFlags& flags, const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version version, FindTarget(registry, flags, kinds));
  v1::SetTagRequest request;
  request.set_name(TagName(RepositoryOf(version.name()), flags.tag));
  request.set_version(version.name());
  request.set_protected_(flags.protect);
  request.set_force(flags.force);
  request.set_immutable(flags.immutable);
  ASSIGN_OR_RETURN(const v1::Tag tag, registry->SetTag(request));
  session->console.out << RenderOne(tag, session->output, [&] {
    return absl::StrCat(tag.name(), " is ", ShortVersion(tag.version()), "\n");
  });
  return kExitOk;
}

}  // namespace

void AddVersionsTag(CLI::App* noun, Session* session, const Kinds& kinds) {
  CLI::App* command = AddCommand(noun, session, "tag", "Point a tag to a version",
                                 "ropewalk adapters tag demo/dates 3f2a91 stable --protect");
  auto flags = std::make_shared<TagFlags>();
  command->add_option("NAME", flags->name, "namespace/name")->required();
  command->add_option("VERSION", flags->version, "Its first digits, or another tag")->required();
  command->add_option("TAG", flags->tag, "The tag to set")->required();
  command->add_flag("--protect", flags->protect, "It then neither moves nor goes without --force");
  command->add_flag("--immutable", flags->immutable,
                    "It then neither moves nor goes ever, nor does its version");
  command->add_flag("--force", flags->force, "Move a protected tag, or end its protection");
  AddOutput(command, session);
  SetAction(command, session, [=] { return SetTag(session, *flags, kinds); });
}

}  // namespace ropewalk
