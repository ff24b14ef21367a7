#include "services/client/commands/session.h"

#include <CLI/CLI.hpp>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

void AddConnection(CLI::App* command, Session* session) {
  ConnectionFlags& flags = session->connection;
  command
      ->add_option("--state", flags.state,
                   "State folder of a local cluster, made by `ropewalk up`; also ROPEWALK_STATE")
      ->type_name("DIR")
      ->group("Connection");
  command
      ->add_option("--coordinator", flags.coordinator,
                   "The coordinator's address; also ROPEWALK_COORDINATOR")
      ->type_name("HOST:PORT")
      ->group("Connection");
  command
      ->add_option("--registry", flags.registry, "The registry's address; also ROPEWALK_REGISTRY")
      ->type_name("HOST:PORT")
      ->group("Connection");
}

}  // namespace

absl::StatusOr<CoordinatorClient*> Session::coordinator() {
  if (coordinator_ == nullptr) {
    ASSIGN_OR_RETURN(const Addresses addresses, ResolveAddresses(connection, EnvironmentVariable));
    coordinator_ = CoordinatorClient::Connect(addresses.coordinator);
  }
  return coordinator_.get();
}

absl::StatusOr<RegistryClient*> Session::registry() {
  if (registry_ == nullptr) {
    ASSIGN_OR_RETURN(const Addresses addresses, ResolveAddresses(connection, EnvironmentVariable));
    registry_ = RegistryClient::Connect(addresses.registry);
  }
  return registry_.get();
}

CLI::App* AddCommand(CLI::App* parent, Session* session, const std::string& name,
                     const std::string& description, const std::string& example) {
  CLI::App* command = parent->add_subcommand(name, description);
  command->footer(absl::StrCat("Example:\n  ", example));
  AddConnection(command, session);
  return command;
}

CLI::App* AddGroup(CLI::App* parent, const std::string& name, const std::string& description) {
  return parent->add_subcommand(name, description);
}

void AddOutput(CLI::App* command, Session* session) {
  static const std::map<std::string, OutputFormat> kFormats = {{"table", OutputFormat::kTable},
                                                               {"wide", OutputFormat::kWide},
                                                               {"json", OutputFormat::kJson},
                                                               {"yaml", OutputFormat::kYaml},
                                                               {"name", OutputFormat::kName}};
  command
      ->add_option_function<std::string>(
          "-o,--output",
          [session](const std::string& format) { session->output = kFormats.at(format); })
      ->description("table, wide, json, yaml or name")
      ->check(CLI::IsMember({"table", "wide", "json", "yaml", "name"}))
      ->type_name("FORMAT");
}

void SetAction(CLI::App* command, Session* session, Session::Action action) {
  command->callback([session, action = std::move(action)] { session->action = action; });
}

}  // namespace ropewalk
