#include "services/client/commands/job_file.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "services/client/job_yaml.h"
#include "services/client/local_files.h"
#include "services/common/files.h"
#include "services/common/job_spec.h"
#include "services/common/status_macros.h"

namespace ropewalk {

void AddJobFile(CLI::App* command, JobFileFlags* flags) {
  command->add_option("JOB.yaml", flags->file, "The job; its paths start at the current folder")
      ->required();
  command
      ->add_option("--set", flags->overrides,
                   "Replace a field, e.g. training.seed=7 or train_data=[a.jsonl,b.jsonl]")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

absl::StatusOr<v1::JobSpec> LoadJobFile(const JobFileFlags& flags) {
  ASSIGN_OR_RETURN(const std::string yaml, ReadFile(flags.file));
  ASSIGN_OR_RETURN(v1::JobSpec spec, ParseJobYaml(yaml, flags.file));
  for (const std::string& assignment : flags.overrides) {
    RETURN_IF_ERROR(ApplyOverride(assignment, &spec));
  }
  const absl::Status valid = ValidateJobSpec(spec);
  if (!valid.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(flags.file, ":\n", valid.message()));
  }
  RETURN_IF_ERROR(CheckLocalFiles(spec));
  return spec;
}

}  // namespace ropewalk
