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
};

// Becomes the worker's program, which stands beside this one, with these arguments; returns only on
// failure.
absl::Status BecomeEngine(const Session& session, const std::vector<std::string>& arguments);

// Adds a command that the worker's program carries out, beside this one: `name` with --base and
// --adapter, which may be folders or names in the registry, and `options`.
CLI::App* AddEngineCommand(CLI::App* root, Session* session, const std::string& name,
                           const std::string& description, const std::string& example,
                           const std::vector<EngineOption>& options);

}  // namespace ropewalk
