#include "services/client/commands/commands.h"
#include "services/client/commands/jobs_change.h"

namespace ropewalk {

void AddJobsPause(CLI::App* jobs, Session* session) {
  AddJobChange(jobs, session,
               {"pause", "Stop a job at its next step, keep a checkpoint, and free its workers",
                &CoordinatorClient::PauseJob});
}

}  // namespace ropewalk
