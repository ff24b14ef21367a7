#pragma once

#include <string>
#include <vector>

#include "services/client/console.h"

namespace ropewalk {

// Runs `ropewalk ARGUMENTS...` and returns its exit code (exit_code.h). Data goes to the console's
// `out`, messages to its `err`. program_folder: where the other programs are.
int RunCommandLine(const std::vector<std::string>& arguments, const Console& console,
                   const std::string& program_folder);

}  // namespace ropewalk
