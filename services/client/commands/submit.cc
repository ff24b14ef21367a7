#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/commands/follow_command.h"
#include "services/client/commands/job_file.h"
#include "services/client/engine_check.h"
#include "services/client/job_inputs.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct SubmitFlags {
  JobFileFlags job;
  std::string request_id;
  bool no_wait = false;
  bool dry_run = false;
};

absl::StatusOr<v1::Job> CreateJob(Session* session, const SubmitFlags& flags) {
  ASSIGN_OR_RETURN(const v1::JobSpec spec, LoadJobFile(flags.job));
  ASSIGN_OR_RETURN(const std::string about, CheckWithEngine(spec, session->program_folder));
  if (!about.empty()) session->Say(about);
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  v1::CreateJobRequest request;
  *request.mutable_job()->mutable_spec() = spec;
  ASSIGN_OR_RETURN(*request.mutable_job()->mutable_inputs(),
                   PublishInputs(spec, registry, [&](const auto& line) { session->Say(line); }));
  request.set_request_id(flags.request_id);
  request.set_validate_only(flags.dry_run);
  return coordinator->CreateJob(std::move(request));
}

absl::StatusOr<ExitCode> Submit(Session* session, const SubmitFlags& flags) {
  ASSIGN_OR_RETURN(const v1::Job job, CreateJob(session, flags));
  const bool stay = !flags.no_wait && !flags.dry_run;
  const bool name_first = stay && session->output == OutputFormat::kName;
  if (!stay || name_first) {
    const char* done = flags.dry_run ? " would be accepted\n" : " submitted\n";
    session->console.out << RenderOne(job, session->output, [&] { return job.name() + done; })
                         << std::flush;
  }
  if (!stay) return kExitOk;
  session->Say(absl::StrCat(job.name(), " submitted; Ctrl-C detaches"));
  const auto view = MakeProgressView(session->console);
  return FollowToEnd(session, job.name(), absl::InfiniteDuration(), view.get());
}

}  // namespace

void AddSubmit(CLI::App* root, Session* session) {
  CLI::App* command =
      AddCommand(root, session, "submit", "Submit a job and show its progress until it ends",
                 "ropewalk submit examples/dates/job.yaml --set training.epochs=1");
  auto flags = std::make_shared<SubmitFlags>();
  AddJobFile(command, &flags->job);
  command->add_flag("--no-wait", flags->no_wait, "Return once the job is queued");
  command->add_flag("--dry-run", flags->dry_run, "Check everything, but queue nothing");
  command
      ->add_option("--request-id", flags->request_id,
                   "A UUID that makes submitting again after a failure safe")
      ->type_name("UUID");
  AddOutput(command, session);
  SetAction(command, session, [session, flags] { return Submit(session, *flags); });
}

}  // namespace ropewalk
