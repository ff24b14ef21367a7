#include "services/client/commands/commands.h"
#include "services/client/commands/engine_command.h"

namespace ropewalk {

void AddEval(CLI::App* root, Session* session) {
  AddEngineCommand(
      root, session, "eval",
      "Measure loss and exact matches of a model and an adapter, on this machine. Also "
      "takes --data FILE.jsonl, --samples K and -o json",
      "ropewalk eval --adapter demo/dates --data examples/dates/eval.jsonl");
}

}  // namespace ropewalk
