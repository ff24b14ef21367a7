#include "services/client/commands/commands.h"
#include "services/client/commands/engine_command.h"

namespace ropewalk {

void AddGenerate(CLI::App* root, Session* session) {
  AddEngineCommand(root, session, "generate",
                   "Complete a text with a model and an adapter, on this machine. Also takes "
                   "--prompt TEXT and --max-new-tokens N",
                   "ropewalk generate --adapter demo/dates --prompt '3 May 2024 ->'");
}

}  // namespace ropewalk
