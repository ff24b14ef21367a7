#include <CLI/CLI.hpp>
#include <memory>

#include "services/client/commands/command_tree.h"
#include "services/client/commands/commands.h"

namespace ropewalk {

void AddCompletion(CLI::App* root, Session* session) {
  CLI::App* command =
      root->add_subcommand("completion", "Print a shell's completion script for this command");
  command->footer("Example:\n  source <(ropewalk completion bash)");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  SetAction(command, session, [root, session, shell]() -> absl::StatusOr<ExitCode> {
    session->console.out << (*shell == "bash" ? BashCompletion(*root) : ZshCompletion(*root));
    return kExitOk;
  });
}

}  // namespace ropewalk
