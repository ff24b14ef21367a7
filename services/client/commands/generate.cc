#include "services/client/commands/commands.h"
#include "services/client/commands/engine_command.h"

namespace ropewalk {

void AddGenerate(CLI::App* root, Session* session) {
  AddEngineCommand(root, session, "generate",
                   "Complete a text with a model and an adapter, on this machine",
                   "ropewalk generate --adapter demo/dates --prompt '3 May 2024 ->'",
                   {{"--prompt", "TEXT", "The text to complete", /*required=*/true},
                    {"--max-new-tokens", "N", "Where to end at the latest"}});
}

}  // namespace ropewalk
