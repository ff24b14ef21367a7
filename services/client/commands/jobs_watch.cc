#include <CLI/CLI.hpp>
#include <memory>

#include "services/client/commands/commands.h"
#include "services/client/commands/follow_command.h"

namespace ropewalk {

void AddJobsWatch(CLI::App* jobs, Session* session) {
  CLI::App* command =
      AddCommand(jobs, session, "watch", "Show a job's progress until it ends; Ctrl-C detaches",
                 "ropewalk jobs watch dates-1");
  auto name = std::make_shared<std::string>();
  command->add_option("JOB", *name, "The job's name")->required();
  AddOutput(command, session);
  SetAction(command, session, [session, name] {
    const auto view = MakeProgressView(session->console);
    return FollowToEnd(session, *name, absl::InfiniteDuration(), view.get());
  });
}

}  // namespace ropewalk
