#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/client/commands/commands.h"
#include "services/client/enum_text.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct TokenFlags {
  std::string user;
  std::string role = "write";
  std::vector<std::string> namespaces;
};

absl::StatusOr<ExitCode> CreateToken(Session* session, const TokenFlags& flags) {
  v1::CreateTokenRequest request;
  request.set_user(flags.user);
  const auto* const role = FindEnumText(v1::TokenRole_descriptor(), flags.role);
  request.set_role(static_cast<v1::TokenRole>(role->number()));
  request.mutable_namespaces()->Add(flags.namespaces.begin(), flags.namespaces.end());
  ASSIGN_OR_RETURN(RegistryClient * registry, session->registry());
  ASSIGN_OR_RETURN(const v1::CreateTokenResponse made, registry->CreateToken(request));
  session->Say(absl::StrCat(made.token().name(), " of ", flags.user,
                            "; its text is shown now and never again:"));
  session->console.out << made.text() << "\n";
  return kExitOk;
}

}  // namespace

void AddTokensCreate(CLI::App* tokens, Session* session) {
  CLI::App* command = AddCommand(tokens, session, "create", "Make an access token and print it",
                                 "ropewalk tokens create alice --role write --namespace team");
  auto flags = std::make_shared<TokenFlags>();
  command->add_option("USER", flags->user, "Whose it is; owns the namespace of this name")
      ->required();
  command
      ->add_option("--role", flags->role,
                   "read; write, to change what its namespaces have; or admin, of machines that "
                   "train and of people who make tokens")
      ->check(CLI::IsMember(EnumTexts(v1::TokenRole_descriptor())))
      ->capture_default_str();
  command->add_option("--namespace", flags->namespaces, "Another one that it owns; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  SetAction(command, session, [=] { return CreateToken(session, *flags); });
}

}  // namespace ropewalk
