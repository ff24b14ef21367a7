#include "services/client/commands/command_line.h"

#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/client/commands/command_tree.h"
#include "services/client/commands/commands.h"
#include "services/common/nearest_name.h"

namespace ropewalk {
namespace {

constexpr char kAbout[] =
    "Fine-tunes language models on the machines you have. Begin with `ropewalk up` and `ropewalk "
    "submit`.";

std::string Path(const CLI::App* command) {
  const CLI::App* parent = command->get_parent();
  return parent == nullptr ? "ropewalk" : absl::StrCat(Path(parent), " ", command->get_name());
}

// The command that the line got to before it ended or went wrong.
CLI::App* Deepest(CLI::App* command) {
  const std::vector<CLI::App*> chosen = command->get_subcommands();
  return chosen.empty() ? command : Deepest(chosen.back());
}

// What was wrong with the first argument that nothing takes.
std::string Unknown(const CLI::App& command, const std::string& argument) {
  if (absl::StartsWith(argument, "-")) {
    return absl::StrCat("no option ", argument, DidYouMean(argument, OptionNames(command)));
  }
  const std::vector<std::string> commands = CommandNames(command);
  if (commands.empty()) return absl::StrCat("one argument too many: '", argument, "'");
  return absl::StrCat("no command '", argument, "'", DidYouMean(argument, commands));
}

int Usage(CLI::App* root, const std::string& fault, const Console& console) {
  const std::string path = Path(Deepest(root));
  console.err << path << ": " << fault << "\n"
              << "See: " << path << " --help" << std::endl;
  return kExitUsage;
}

// Negative: go on. The parser takes the arguments in reverse.
int Parse(CLI::App* root, std::vector<std::string> arguments, const Console& console) {
  std::reverse(arguments.begin(), arguments.end());
  try {
    root->parse(arguments);
    return -1;
  } catch (const CLI::Success& help) {
    return root->exit(help, console.out, console.err);
  } catch (const CLI::ExtrasError&) {
    return Usage(root, Unknown(*Deepest(root), root->remaining(true).front()), console);
  } catch (const CLI::ParseError& error) {
    return Usage(root, error.what(), console);
  }
}

int Run(CLI::App* root, const Session& session, const Console& console) {
  if (!session.action) {
    console.err << root->help();
    return kExitUsage;
  }
  const absl::StatusOr<ExitCode> code = session.action();
  if (code.ok()) return *code;
  console.err << "ropewalk: " << code.status().message() << std::endl;
  return ExitCodeOf(code.status());
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& arguments, const Console& console,
                   const std::string& program_folder) {
  Session session(console, program_folder);
  CLI::App root(kAbout, "ropewalk");
  AddAllCommands(&root, &session);
  const int early = Parse(&root, arguments, console);
  return early >= 0 ? early : Run(&root, session, console);
}

}  // namespace ropewalk
