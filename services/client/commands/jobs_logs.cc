#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/commands/follow_command.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct LogsFlags {
  std::string job;
  bool follow = false;
};

// The first message of a stream holds all events so far.
absl::StatusOr<ExitCode> PrintEventsSoFar(Session* session, const std::string& name) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const v1::Job job, coordinator->GetJob(name));
  const auto stream = coordinator->WatchJob(job.name(), 0);
  v1::WatchJobResponse news;
  const JobStream::Result result = stream->Next(absl::Seconds(10), &news);
  if (result == JobStream::Result::kEnd) RETURN_IF_ERROR(stream->status());
  if (result != JobStream::Result::kMessage) {
    return absl::DeadlineExceededError(absl::StrCat("no events of ", job.name(), " came in 10 s"));
  }
  MakeEventView(session->console)->Update(news);
  return kExitOk;
}

absl::StatusOr<ExitCode> Logs(Session* session, const LogsFlags& flags) {
  if (!flags.follow) return PrintEventsSoFar(session, flags.job);
  const auto view = MakeEventView(session->console);
  return FollowToEnd(session, flags.job, absl::InfiniteDuration(), view.get());
}

}  // namespace

void AddJobsLogs(CLI::App* jobs, Session* session) {
  CLI::App* command =
      AddCommand(jobs, session, "logs", "Print a job's events: changes, losses, pauses and why",
                 "ropewalk jobs logs dates-1 --follow");
  auto flags = std::make_shared<LogsFlags>();
  command->add_option("JOB", flags->job, "The job's name")->required();
  command->add_flag("-f,--follow", flags->follow, "Go on until the job ends");
  SetAction(command, session, [session, flags] { return Logs(session, *flags); });
}

}  // namespace ropewalk
