#pragma once

#include <string>
#include <vector>

#include "services/client/commands/session.h"

namespace ropewalk {

// An option that is handed to the worker's program as it is given.
struct EngineOption {
  std::string names;  // "-o,--output"; the last one is handed on
  std::string type;
  std::string description;
  bool required = false;
  bool repeated = false;  // may be given several times
};

// Becomes the worker's program, which stands beside this one, with these arguments; returns only on
// failure.
absl::Status BecomeEngine(const Session& session, const std::vector<std::string>& arguments);

// A command that the worker's program carries out, beside this one.
struct EngineCommand {
  std::string name;
  std::string description;
  std::string example;
  std::vector<EngineOption> options;  // but --base and --adapter, which every one has
  bool several_adapters = false;
  bool holds_base = true;  // has options for how the base is held
};

// Adds the command. Its --base and --adapter may be folders or names in the registry, which are
// fetched; with an option --server they are handed on as they are.
CLI::App* AddEngineCommand(CLI::App* root, Session* session, const EngineCommand& engine);

}  // namespace ropewalk
