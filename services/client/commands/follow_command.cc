#include "services/client/commands/follow_command.h"

#include "absl/strings/str_cat.h"
#include "services/client/human.h"
#include "services/client/progress_line.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// The flags that reach the same servers again.
std::string SameConnection(const ConnectionFlags& flags) {
  std::string text;
  if (!flags.state.empty()) absl::StrAppend(&text, " --state ", flags.state);
  if (!flags.coordinator.empty()) absl::StrAppend(&text, " --coordinator ", flags.coordinator);
  if (!flags.registry.empty()) absl::StrAppend(&text, " --registry ", flags.registry);
  return text;
}

std::string HowToGoOn(const Session& session, const std::string& job) {
  const std::string rest = absl::StrCat(LastPart(job), SameConnection(session.connection));
  return absl::StrCat(job, " goes on.\n  watch it:  ropewalk jobs watch ", rest,
                      "\n  cancel it: ropewalk jobs cancel ", rest);
}

std::string Ending(const v1::Job& job) {
  const std::string text = absl::StrCat(job.name(), " ", StateText(job.state()));
  if (job.state() == v1::JOB_STATE_FAILED) return absl::StrCat(text, ": ", job.error().message());
  if (job.result_version().empty()) return text;
  return absl::StrCat(text, "; published ", job.result_version());
}

void TellEnd(Session* session, const Followed& followed) {
  if (followed.end == FollowEnd::kInterrupted) {
    return session->Say("detached; " + HowToGoOn(*session, followed.job.name()));
  }
  if (followed.end == FollowEnd::kTimedOut) {
    return session->Say("the time is up; " + HowToGoOn(*session, followed.job.name()));
  }
  if (session->output == OutputFormat::kName) return;  // the reader has the name
  session->console.out << RenderOne(followed.job, session->output, [&] {
    return Ending(followed.job) + "\n";
  }) << std::flush;
}

}  // namespace

absl::StatusOr<ExitCode> FollowToEnd(Session* session, const std::string& name,
                                     absl::Duration timeout, JobView* view) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  // Asked first because it fails at once where nobody answers.
  ASSIGN_OR_RETURN(const v1::Job job, coordinator->GetJob(name));
  FollowOptions options;
  options.interrupted = session->console.interrupted;
  options.timeout = timeout;
  ListenForInterrupts();
  ASSIGN_OR_RETURN(
      Followed followed,
      FollowJob([&](int64_t after) { return coordinator->WatchJob(job.name(), after); }, options,
                session->console.clock, view));
  if (followed.job.name().empty()) followed.job = job;
  TellEnd(session, followed);
  return ExitCodeOf(followed);
}

}  // namespace ropewalk
