#include <google/protobuf/util/json_util.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/commands/engine_command.h"
#include "services/client/commands/job_file.h"
#include "services/client/local_files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct PreviewFlags {
  JobFileFlags job;
  int steps = 1;
};

absl::Status CheckLocal(const v1::JobSpec& spec) {
  std::vector<std::string> names(spec.train_data().begin(), spec.train_data().end());
  names.push_back(spec.base_model());
  for (const std::string& name : names) {
    if (IsLocal(name)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' is not on this machine; fetch it first (ropewalk models pull)"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Preview(const Session& session, const PreviewFlags& flags) {
  ASSIGN_OR_RETURN(v1::JobSpec spec, LoadJobFile(flags.job));
  RETURN_IF_ERROR(CheckLocal(spec));
  spec.clear_eval_data();
  std::string json;
  // A message of plain fields always has a JSON form.
  (void)google::protobuf::util::MessageToJsonString(spec, &json);
  const bool as_json = session.output == OutputFormat::kJson;
  return BecomeEngine(
      session, {"preview", absl::StrCat("--job=", json), absl::StrCat("--steps=", flags.steps),
                absl::StrCat("--output=", as_json ? "json" : "table")});
}

}  // namespace

void AddPreview(CLI::App* root, Session* session) {
  CLI::App* command = AddCommand(root, session, "preview",
                                 "Show what a job's first steps train on, and what of it is learnt",
                                 "ropewalk preview examples/dates/job.yaml");
  auto flags = std::make_shared<PreviewFlags>();
  AddJobFile(command, &flags->job);
  command->add_option("--steps", flags->steps, "How many steps to show")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  AddOutput(command, session);
  SetAction(command, session, [session, flags] { return Preview(*session, *flags); });
}

}  // namespace ropewalk
