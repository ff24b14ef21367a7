#include "services/client/commands/commands.h"

#include <CLI/CLI.hpp>

namespace ropewalk {
namespace {

void AddJobs(CLI::App* root, Session* session) {
  CLI::App* jobs = AddGroup(root, "jobs", "See and steer fine-tuning jobs");
  for (const auto add : {AddJobsList, AddJobsGet, AddJobsWatch, AddJobsLogs, AddJobsWait,
                         AddJobsCancel, AddJobsPause, AddJobsResume}) {
    add(jobs, session);
  }
}

void AddWorkers(CLI::App* root, Session* session) {
  CLI::App* workers = AddGroup(root, "workers", "See the machines and take them out of service");
  for (const auto add : {AddWorkersList, AddWorkersGet, AddWorkersDrain, AddWorkersThreads}) {
    add(workers, session);
  }
}

void AddAdapters(CLI::App* root, Session* session) {
  CLI::App* adapters = AddGroup(root, "adapters", "See, fetch and publish what jobs have made");
  // Full training publishes a model, under the name that the job gives for its adapter.
  for (const auto add : {AddVersionsList, AddVersionsGet, AddVersionsPull, AddVersionsPush,
                         AddVersionsTag, AddVersionsVisibility, AddVersionsSave, AddVersionsLoad,
                         AddVersionsDiff, AddVersionsDelete}) {
    add(adapters, session, {"adapters", "models"});
  }
}

void AddModels(CLI::App* root, Session* session) {
  CLI::App* models = AddGroup(root, "models", "See and fetch base models");
  for (const auto add : {AddVersionsList, AddVersionsGet, AddVersionsPull, AddVersionsVisibility,
                         AddVersionsSave, AddVersionsLoad}) {
    add(models, session, {"models"});
  }
}

void AddTokens(CLI::App* root, Session* session) {
  CLI::App* tokens = AddGroup(root, "tokens", "Say who may use a registry that asks for tokens");
  for (const auto add : {AddTokensCreate, AddTokensList, AddTokensRevoke}) add(tokens, session);
}

}  // namespace

void AddAllCommands(CLI::App* root, Session* session) {
  AddUp(root, session);
  AddDown(root, session);
  AddSubmit(root, session);
  AddPreview(root, session);
  AddJobs(root, session);
  AddWorkers(root, session);
  AddAdapters(root, session);
  AddModels(root, session);
  AddTokens(root, session);
  AddGenerate(root, session);
  AddServe(root, session);
  AddExport(root, session);
  AddEval(root, session);
  AddHealth(root, session);
  AddCompletion(root, session);
  AddVersion(root, session);
}

}  // namespace ropewalk
