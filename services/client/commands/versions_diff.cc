#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_format.h"
#include "services/client/adapter_delta.h"
#include "services/client/commands/commands.h"
#include "services/client/registry_reference.h"
#include "services/client/table.h"
#include "services/client/version_cache.h"
#include "services/client/version_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct DiffFlags {
  std::string a;
  std::string b;
  bool weights = false;
};

std::string Number(double value) { return absl::StrFormat("%.4g", value); }

absl::StatusOr<Table> DeltaTable(RegistryClient* registry, const v1::Version& a,
                                 const v1::Version& b) {
  ASSIGN_OR_RETURN(const std::string a_folder, FetchToCache(registry, a));
  ASSIGN_OR_RETURN(const std::string b_folder, FetchToCache(registry, b));
  ASSIGN_OR_RETURN(const LoraModules a_modules, ReadLora(a_folder));
  ASSIGN_OR_RETURN(const LoraModules b_modules, ReadLora(b_folder));
  ASSIGN_OR_RETURN(const auto differences, CompareDeltas(a_modules, b_modules));
  Table table({"MODULE", "NORM A", "NORM B", "DISTANCE", "COSINE"});
  for (const DeltaDifference& difference : differences) {
    table.AddRow({difference.module, Number(difference.norm_a), Number(difference.norm_b),
                  Number(difference.distance), absl::StrFormat("%.4f", difference.cosine)});
  }
  return table;
}

absl::StatusOr<ExitCode> Diff(Session* session, const DiffFlags& flags, const Kinds& kinds) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::Version a, FindVersion(registry, flags.a, kinds));
  ASSIGN_OR_RETURN(const v1::Version b, FindVersion(registry, flags.b, kinds));
  const std::string text = DiffVersions(a, b);
  session->console.out << text;
  if (text.empty()) session->Say("no difference");
  if (!flags.weights) return kExitOk;
  ASSIGN_OR_RETURN(const Table table, DeltaTable(registry, a, b));
  session->console.out << table.Render();
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
  command->add_flag("--weights", flags->weights,
                    "Fetch both LoRA adapters and compare, module by module, what they add to the "
                    "base's weights: norms, distance and cosine");
  SetAction(command, session, [=] { return Diff(session, *flags, kinds); });
}

}  // namespace ropewalk
