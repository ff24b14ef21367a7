#include <grpcpp/channel.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "ropewalk/v1/diagnostics_service.grpc.pb.h"
#include "services/client/commands/commands.h"
#include "services/client/unary_call.h"
#include "services/client/worker_text.h"
#include "services/common/channel.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// Asks the worker's process itself.
absl::StatusOr<v1::ListThreadsResponse> ListThreadsOf(const v1::Worker& worker) {
  const auto stub = v1::DiagnosticsService::NewStub(DialChannel(worker.ring_address()));
  return CallUnary<v1::DiagnosticsService::StubInterface>(
      stub.get(), &v1::DiagnosticsService::StubInterface::ListThreads, v1::ListThreadsRequest(),
      absl::StrCat(worker.name(), " at ", worker.ring_address()));
}

absl::StatusOr<ExitCode> Threads(Session* session, const std::string& name) {
  ASSIGN_OR_RETURN(CoordinatorClient * coordinator, session->coordinator());
  ASSIGN_OR_RETURN(const v1::Worker worker, coordinator->GetWorker(name));
  ASSIGN_OR_RETURN(const v1::ListThreadsResponse threads, ListThreadsOf(worker));
  session->console.out << RenderList(Pointers(threads.threads()), session->output,
                                     [&](bool) { return ThreadTable(threads); });
  return kExitOk;
}

}  // namespace

void AddWorkersThreads(CLI::App* workers, Session* session) {
  CLI::App* command =
      AddCommand(workers, session, "threads",
                 "List the threads of a worker's process, with their state and processor time",
                 "ropewalk workers threads worker-0");
  auto name = std::make_shared<std::string>();
  command->add_option("WORKER", *name, "The worker's name")->required();
  AddOutput(command, session);
  SetAction(command, session, [session, name] { return Threads(session, *name); });
}

}  // namespace ropewalk
