#include <CLI/CLI.hpp>

#include "absl/strings/str_join.h"
#include "services/client/commands/commands.h"
#include "services/client/enum_text.h"
#include "services/client/human.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

std::string RoleText(v1::TokenRole role) {
  const auto* const value = v1::TokenRole_descriptor()->FindValueByNumber(role);
  return value == nullptr ? "" : EnumText(value);
}

Table TokenTable(const v1::ListTokensResponse& list, absl::Time now) {
  Table table({"NAME", "USER", "ROLE", "NAMESPACES", "AGE"});
  for (const v1::AccessToken& token : list.tokens()) {
    table.AddRow({token.name(), token.user(), RoleText(token.role()),
                  absl::StrJoin(token.namespaces(), ","), Age(token.create_time(), now)});
  }
  return table;
}

absl::StatusOr<ExitCode> ListTokens(Session* session) {
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::ListTokensResponse list, registry->ListTokens());
  const absl::Time now = session->console.clock->Now();
  session->console.out << RenderList(Pointers(list.tokens()), session->output,
                                     [&](bool) { return TokenTable(list, now); });
  return kExitOk;
}

}  // namespace

void AddTokensList(CLI::App* tokens, Session* session) {
  CLI::App* command = AddCommand(tokens, session, "list", "List access tokens, without their texts",
                                 "ropewalk tokens list");
  AddOutput(command, session);
  SetAction(command, session, [=] { return ListTokens(session); });
}

}  // namespace ropewalk
