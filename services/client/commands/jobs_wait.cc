#include <CLI/CLI.hpp>
#include <memory>

#include "services/client/commands/commands.h"
#include "services/client/commands/follow_command.h"

namespace ropewalk {
namespace {

struct WaitFlags {
  std::string job;
  double timeout_seconds = 0;
};

absl::StatusOr<ExitCode> Wait(Session* session, const WaitFlags& flags) {
  const absl::Duration timeout =
      flags.timeout_seconds > 0 ? absl::Seconds(flags.timeout_seconds) : absl::InfiniteDuration();
  return FollowToEnd(session, flags.job, timeout, MakeSilentView().get());
}

}  // namespace

void AddJobsWait(CLI::App* jobs, Session* session) {
  CLI::App* command =
      AddCommand(jobs, session, "wait",
                 "Wait until a job ends. Exits with 0 if it succeeded, 100 failed, 101 it has not "
                 "ended, 102 not found, 103 cancelled",
                 "ropewalk jobs wait dates-1 --timeout 3600");
  auto flags = std::make_shared<WaitFlags>();
  command->add_option("JOB", flags->job, "The job's name")->required();
  command->add_option("--timeout", flags->timeout_seconds, "Wait at most so long; 0: for ever")
      ->type_name("SECONDS")
      ->check(CLI::NonNegativeNumber);
  AddOutput(command, session);
  SetAction(command, session, [session, flags] { return Wait(session, *flags); });
}

}  // namespace ropewalk
