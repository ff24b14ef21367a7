#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/client/connection.h"
#include "services/client/console.h"
#include "services/client/coordinator_client.h"
#include "services/client/exit_code.h"
#include "services/client/output.h"
#include "services/common/registry_client.h"

namespace CLI {
class App;
}

namespace ropewalk {

// One run of the command: what was asked for on the command line, and the servers, which are
// connected to when first used.
class Session {
 public:
  using Action = std::function<absl::StatusOr<ExitCode>()>;

  Session(Console console, std::string program_folder)
      : console(std::move(console)), program_folder(std::move(program_folder)) {}

  absl::StatusOr<CoordinatorClient*> coordinator();
  absl::StatusOr<RegistryClient*> registry();

  void Say(const std::string& message) { console.err << message << std::endl; }

  const Console console;
  const std::string program_folder;
  ConnectionFlags connection;
  OutputFormat output = OutputFormat::kTable;
  Action action;  // of the chosen command; null: none was chosen

 private:
  std::unique_ptr<CoordinatorClient> coordinator_;
  std::unique_ptr<RegistryClient> registry_;
};

// Adds a command under `parent`, with --coordinator, --registry and --state. example: one line.
CLI::App* AddCommand(CLI::App* parent, Session* session, const std::string& name,
                     const std::string& description, const std::string& example);

// Adds a noun: a command that only has commands below it.
CLI::App* AddGroup(CLI::App* parent, const std::string& name, const std::string& description);

// Adds -o, --output.
void AddOutput(CLI::App* command, Session* session);

// What the command does, once the command line is read.
void SetAction(CLI::App* command, Session* session, Session::Action action);

}  // namespace ropewalk
