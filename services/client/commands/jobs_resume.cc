#include "services/client/commands/commands.h"
#include "services/client/commands/jobs_change.h"

namespace ropewalk {

void AddJobsResume(CLI::App* jobs, Session* session) {
  AddJobChange(jobs, session,
               {"resume", "Queue a paused job again; it goes on from its checkpoint",
                &CoordinatorClient::ResumeJob});
}

}  // namespace ropewalk
