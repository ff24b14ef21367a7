#pragma once

#include <string>

#include "services/client/commands/session.h"

namespace ropewalk {

// Adds a command that the worker's program carries out, beside this one: `name` with --base and
// --adapter, which may be folders or names in the registry, and whatever else is given.
CLI::App* AddEngineCommand(CLI::App* root, Session* session, const std::string& name,
                           const std::string& description, const std::string& example);

}  // namespace ropewalk
