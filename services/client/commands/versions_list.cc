#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/client/version_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct ListFlags {
  std::string name;
  std::string tag, method, base, metric;
};

absl::StatusOr<ExitCode> ListRepositories(Session* session, const std::string& kind) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  std::vector<v1::Repository> all;
  v1::ListRepositoriesRequest request;
  request.set_kind(kind);
  do {
    ASSIGN_OR_RETURN(const auto page, registry->ListRepositories(request));
    all.insert(all.end(), page.repositories().begin(), page.repositories().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  const absl::Time now = session->console.clock->Now();
  session->console.out << RenderList(Pointers(all), session->output,
                                     [&](bool) { return RepositoryTable(all, now); });
  return kExitOk;
}

absl::StatusOr<std::vector<v1::Version>> AllVersions(RegistryClient* registry,
                                                     v1::ListVersionsRequest request) {
  std::vector<v1::Version> all;
  do {
    ASSIGN_OR_RETURN(const v1::ListVersionsResponse page, registry->ListVersions(request));
    all.insert(all.end(), page.versions().begin(), page.versions().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

absl::StatusOr<ExitCode> ListVersions(Session* session, const ListFlags& flags,
                                      const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version newest, FindVersion(registry, flags.name, kinds));
  v1::ListVersionsRequest request;
  request.set_parent(RepositoryOf(newest.name()));
  request.set_tag(flags.tag);
  request.set_method(flags.method);
  request.set_base_model_digest(flags.base);
  request.set_metric_filter(flags.metric);
  ASSIGN_OR_RETURN(const std::vector<v1::Version> all, AllVersions(registry, request));
  const absl::Time now = session->console.clock->Now();
  session->console.out << RenderList(Pointers(all), session->output,
                                     [&](bool wide) { return VersionTable(all, wide, now); });
  return kExitOk;
}

void AddFilters(CLI::App* command, ListFlags* flags) {
  command->add_option("--tag", flags->tag, "Only versions with this tag");
  command->add_option("--method", flags->method, "Only versions made by this method, e.g. lora");
  command->add_option("--base", flags->base, "Only versions for the base model with this digest");
  command->add_option("--metric", flags->metric, "Only versions that meet it")
      ->type_name("\"NAME >= NUMBER\"");
}

}  // namespace

void AddVersionsList(CLI::App* noun, Session* session, const Kinds& kinds) {
  const std::string what = noun->get_name();
  CLI::App* command =
      AddCommand(noun, session, "list", absl::StrCat("List all ", what, ", or the versions of one"),
                 absl::StrCat("ropewalk ", what, " list ", ExampleName(kinds), " -o wide"));
  auto flags = std::make_shared<ListFlags>();
  command->add_option("NAME", flags->name, "namespace/name, to list its versions");
  AddFilters(command, flags.get());
  AddOutput(command, session);
  SetAction(command, session, [=] {
    return flags->name.empty() ? ListRepositories(session, kinds.front())
                               : ListVersions(session, *flags, kinds);
  });
}

}  // namespace ropewalk
