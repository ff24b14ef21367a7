#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<ExitCode> RevokeToken(Session* session, const std::string& name) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  const std::string full = absl::StartsWith(name, "tokens/") ? name : absl::StrCat("tokens/", name);
  RETURN_IF_ERROR(registry->DeleteToken(full));
  session->Say(absl::StrCat("revoked ", full));
  return kExitOk;
}

}  // namespace

void AddTokensRevoke(CLI::App* tokens, Session* session) {
  CLI::App* command = AddCommand(tokens, session, "revoke", "Make an access token invalid",
                                 "ropewalk tokens revoke tokens/3f2a91c04d5e");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "As `ropewalk tokens list` shows it")->required();
  SetAction(command, session, [=] { return RevokeToken(session, *name); });
}

}  // namespace ropewalk
