#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "coordinator/rpc/coordinator.h"
#include "coordinator/rpc/job_service_impl.h"
#include "coordinator/rpc/worker_service_impl.h"
#include "coordinator/store/sqlite_journal.h"
#include "services/common/clock.h"
#include "services/common/flags.h"
#include "services/common/logging.h"
#include "services/common/server.h"
#include "services/common/status_macros.h"
#include "services/common/termination.h"

namespace ropewalk {
namespace {

absl::Status Serve(const ServerOptions& options, const std::string& database,
                   const Termination& termination) {
  ASSIGN_OR_RETURN(std::unique_ptr<SqliteJournal> journal, SqliteJournal::Open(database));
  ASSIGN_OR_RETURN(std::unique_ptr<Coordinator> coordinator,
                   Coordinator::Create({}, journal.get(), Clock::Real()));
  JobServiceImpl jobs(coordinator.get());
  WorkerServiceImpl workers(coordinator.get());
  ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Start(options, {&jobs, &workers}));
  server->SetReady(true);
  LogInfo("serving",
          {{"port", server->port()}, {"http_port", server->http_port()}, {"database", database}});
  termination.Wait();
  server->SetReady(false);
  coordinator->Stop();
  server->Shutdown(absl::Seconds(5));
  LogInfo("stopped");
  return absl::OkStatus();
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  const ropewalk::Termination termination;
  CLI::App app("Takes fine-tuning jobs and leads the workers.", "ropewalk-coordinator");
  ropewalk::ServerOptions options;
  options.listen_address = "127.0.0.1:7070";
  options.http_address = "127.0.0.1:7071";
  std::string log_level = "info";
  std::string database = "ropewalk-coordinator.db";
  ropewalk::AddServerFlags(app, &options, &log_level);
  app.add_option("--database", database, "SQLite file of the journal; created if absent")
      ->capture_default_str();
  ropewalk::BindStandardFlags(app);
  if (const auto exit_code = ropewalk::ParseFlags(app, argc, argv)) return *exit_code;
  absl::Status status = ropewalk::InitLogging("ropewalk-coordinator", log_level);
  if (status.ok()) status = ropewalk::Serve(options, database, termination);
  if (status.ok()) return 0;
  ropewalk::LogError("cannot go on", {{"error", status.ToString()}});
  return 1;
}
