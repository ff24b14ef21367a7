#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/common/termination.h"

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
// Servers run until `termination` is requested; `log_level` is what their flags set.
std::vector<Command> AddCommands(CLI::App& app, const Termination* termination,
                                 std::string* log_level);

}  // namespace ropewalk
