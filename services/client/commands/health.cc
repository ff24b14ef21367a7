#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/health_check.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// Without --address: the server whose environment this process shares, as in its container.
absl::StatusOr<std::string> AddressToAsk(const std::string& given) {
  if (!given.empty()) return given;
  const std::string listen = EnvironmentVariable("ROPEWALK_LISTEN");
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError("whose health? give --address HOST:PORT or ROPEWALK_LISTEN");
  }
  return absl::StrCat("127.0.0.1", listen.substr(colon));
}

absl::StatusOr<ExitCode> CheckHealth(Session* session, const std::string& given) {
  ASSIGN_OR_RETURN(const std::string address, AddressToAsk(given));
  RETURN_IF_ERROR(CheckServing(address, absl::Seconds(2)));
  session->console.out << address << " is serving\n";
  return kExitOk;
}

}  // namespace

void AddHealth(CLI::App* root, Session* session) {
  CLI::App* command = root->add_subcommand("health", "Ask a server whether it is serving");
  command->footer("Example:\n  ropewalk health --address 127.0.0.1:7070");
  auto address = std::make_shared<std::string>();
  command
      ->add_option("--address", *address,
                   "Any server's gRPC address; default: the port of ROPEWALK_LISTEN on loopback")
      ->type_name("HOST:PORT");
  SetAction(command, session, [session, address] { return CheckHealth(session, *address); });
}

}  // namespace ropewalk
