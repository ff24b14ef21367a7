#include "services/client/commands/commands.h"
#include "services/client/commands/engine_command.h"

namespace ropewalk {

void AddEval(CLI::App* root, Session* session) {
  AddEngineCommand(root, session,
                   {"eval",
                    "Measure loss and exact matches of a model and an adapter, on this machine",
                    "ropewalk eval --adapter demo/dates --data examples/dates/eval.jsonl",
                    {{"--data", "FILE.jsonl", "Rows to measure on", /*required=*/true},
                     {"--samples", "K", "How many rows to show with what the model gives"},
                     {"--max-new-tokens", "N", "Most tokens that a row's completion may have"},
                     {"-o,--output", "table|json", "How to print the result"}}});
}

}  // namespace ropewalk
