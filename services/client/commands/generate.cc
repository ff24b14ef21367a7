#include "services/client/commands/commands.h"
#include "services/client/commands/engine_command.h"

namespace ropewalk {

void AddGenerate(CLI::App* root, Session* session) {
  AddEngineCommand(
      root, session,
      {"generate",
       "Complete a text with a model and an adapter, on this machine or by a server",
       "ropewalk generate --adapter demo/dates --prompt '3 May 2024 ->'",
       {{"--prompt", "TEXT", "The text to complete", /*required=*/true},
        {"--max-new-tokens", "N", "Where to end at the latest"},
        {"--stop", "TEXT", "Ends before this text; may be repeated", false, /*repeated=*/true},
        {"--temperature", "T", "0, the default, always takes the likeliest token"},
        {"--top-k", "K", "Only the K likeliest tokens; 0: all"},
        {"--top-p", "P", "Only the likeliest tokens that together have this probability"},
        {"--min-p", "P", "Only tokens with this share of the likeliest's probability"},
        {"--repetition-penalty", "R", "Above 1: less of what is there already"},
        {"--seed", "N", "Of the random numbers; the same seed gives the same text"},
        {"--server", "HOST:PORT",
         "A `ropewalk serve` that does it, with its name for --adapter"}}});
}

void AddExport(CLI::App* root, Session* session) {
  AddEngineCommand(
      root, session,
      {"export",
       "Write an adapter as a whole model, or as GGUF for llama.cpp",
       "ropewalk export --adapter demo/dates --as gguf --to dates.gguf",
       {{"--as", "merged|gguf", "A whole Hugging Face model, or a LoRA in GGUF", /*required=*/true},
        {"--to", "DIR|FILE", "The new folder, or the new GGUF file", /*required=*/true}},
       /*several_adapters=*/false,
       /*holds_base=*/false});
}

void AddServe(CLI::App* root, Session* session) {
  AddEngineCommand(
      root, session,
      {"serve",
       "Complete texts for others over gRPC, with any number of adapters on one base",
       "ropewalk serve --adapter dates=demo/dates --adapter old=demo/dates:old",
       {{"--listen", "HOST:PORT", "Address of the gRPC side"},
        {"--http-listen", "HOST:PORT", "Address of the HTTP side, for probes and metrics"},
        {"--max-batch", "N", "Texts that are continued together"},
        {"--max-queue", "N", "Texts that may wait"},
        {"--max-cached-tokens", "N", "Tokens of all texts that are continued together"},
        {"--threads", "N", "0: one a core"}},
       /*several_adapters=*/true});
}

}  // namespace ropewalk
