#include <CLI/CLI.hpp>

#include "services/client/commands/commands.h"
#include "services/common/build_version.h"

namespace ropewalk {

void AddVersion(CLI::App* root, Session* session) {
  CLI::App* command = root->add_subcommand("version", "Print the version of this program");
  command->footer("Example:\n  ropewalk version");
  SetAction(command, session, [session]() -> absl::StatusOr<ExitCode> {
    session->console.out << "ropewalk " << BuildVersion() << "\n";
    return kExitOk;
  });
}

}  // namespace ropewalk
