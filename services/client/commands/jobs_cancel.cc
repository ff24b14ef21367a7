#include "services/client/commands/commands.h"
#include "services/client/commands/jobs_change.h"

namespace ropewalk {

void AddJobsCancel(CLI::App* jobs, Session* session) {
  AddJobChange(jobs, session,
               {"cancel", "Stop a job; what it has learnt is kept as a checkpoint",
                &CoordinatorClient::CancelJob});
}

}  // namespace ropewalk
