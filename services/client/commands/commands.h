#pragma once

#include <string>
#include <vector>

#include "services/client/commands/session.h"

namespace ropewalk {

// Each adds one command, or a noun with its commands, to the tree; see `ropewalk --help`.

void AddUp(CLI::App* root, Session* session);
void AddDown(CLI::App* root, Session* session);
void AddSubmit(CLI::App* root, Session* session);
void AddPreview(CLI::App* root, Session* session);
void AddGenerate(CLI::App* root, Session* session);
void AddServe(CLI::App* root, Session* session);
void AddExport(CLI::App* root, Session* session);
void AddEval(CLI::App* root, Session* session);
void AddHealth(CLI::App* root, Session* session);
void AddCompletion(CLI::App* root, Session* session);
void AddVersion(CLI::App* root, Session* session);

void AddJobsList(CLI::App* jobs, Session* session);
void AddJobsGet(CLI::App* jobs, Session* session);
void AddJobsWatch(CLI::App* jobs, Session* session);
void AddJobsLogs(CLI::App* jobs, Session* session);
void AddJobsWait(CLI::App* jobs, Session* session);
void AddJobsCancel(CLI::App* jobs, Session* session);
void AddJobsPause(CLI::App* jobs, Session* session);
void AddJobsResume(CLI::App* jobs, Session* session);

void AddWorkersList(CLI::App* workers, Session* session);
void AddWorkersGet(CLI::App* workers, Session* session);
void AddWorkersDrain(CLI::App* workers, Session* session);
void AddWorkersThreads(CLI::App* workers, Session* session);

// Of what the registry keeps. kinds: where a bare "namespace/name" is looked for, in this order.
using Kinds = std::vector<std::string>;

// A name of such a kind, for examples.
inline std::string ExampleName(const Kinds& kinds) {
  return kinds.front() == "models" ? "local/tiny-base" : "demo/dates";
}

void AddVersionsList(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsGet(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsPull(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsPush(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsTag(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsDiff(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsDelete(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsVisibility(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsSave(CLI::App* noun, Session* session, const Kinds& kinds);
void AddVersionsLoad(CLI::App* noun, Session* session, const Kinds& kinds);

void AddTokensCreate(CLI::App* tokens, Session* session);
void AddTokensList(CLI::App* tokens, Session* session);
void AddTokensRevoke(CLI::App* tokens, Session* session);

// The whole tree.
void AddAllCommands(CLI::App* root, Session* session);

}  // namespace ropewalk
