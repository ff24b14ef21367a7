#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "services/common/flags.h"
#include "services/common/logging.h"
#include "worker/agent/worker_process.h"
#include "worker/commands.h"
#include "worker/ring/tune_process.h"
#include "worker/tensor/passive_waiting.h"

namespace {

void AddWorkerFlags(CLI::App& app, ropewalk::WorkerOptions* options, std::string* log_level) {
  options->server.listen_address = "127.0.0.1:7090";
  options->server.http_address = "127.0.0.1:7091";
  ropewalk::AddServerFlags(app, &options->server, log_level);
  app.add_option("--name", options->name,
                 "stays the same when the worker starts again; default: the host's name");
  app.add_option("--advertise", options->advertise,
                 "host:port at which other workers reach this one, or several, by commas: the "
                 "best that works is used; default: found out")
      ->delimiter(',');
  app.add_option("--coordinator", options->coordinator, "host:port")->capture_default_str();
  app.add_option("--registry", options->registry, "host:port")->capture_default_str();
  app.add_option("--cache", options->cache,
                 "folder for models and data; may be deleted when no worker runs")
      ->capture_default_str();
  app.add_option("--threads", options->threads, "0: one a core")->capture_default_str();
}

// A command's errors are for the person who called it.
int RunCommand(const ropewalk::Command& command) {
  const absl::Status status = command.run();
  if (status.ok()) return 0;
  std::cerr << status.message() << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  ropewalk::WaitPassively(argv);
  ropewalk::TuneProcessForRing();
  const ropewalk::Termination termination;
  CLI::App app("Trains for a coordinator.", "ropewalk-worker");
  ropewalk::WorkerOptions worker;
  std::string log_level = "info";
  AddWorkerFlags(app, &worker, &log_level);
  const std::vector<ropewalk::Command> commands =
      ropewalk::AddCommands(app, &termination, &log_level);
  ropewalk::BindStandardFlags(app);
  if (const auto exit_code = ropewalk::ParseFlags(app, argc, argv)) return *exit_code;

  absl::Status status = ropewalk::InitLogging("ropewalk-worker", log_level);
  for (const ropewalk::Command& command : commands) {
    if (status.ok() && command.app->parsed()) return RunCommand(command);
  }
  if (status.ok()) status = ropewalk::RunWorker(worker, termination);
  if (status.ok()) return 0;
  // A server's errors belong to its log.
  ropewalk::LogError("cannot go on", {{"error", status.ToString()}});
  return 1;
}
