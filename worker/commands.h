#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace ropewalk {

// A command of ropewalk-worker beside training for a coordinator.
struct Command {
  const CLI::App* app;
  std::function<absl::Status()> run;
};

// Adds them all to the command line, each with its flags.
std::vector<Command> AddCommands(CLI::App& app);

}  // namespace ropewalk
