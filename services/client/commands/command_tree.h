#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ropewalk {

// What a command line can hold, read from the parser itself.

// Of the commands directly below.
std::vector<std::string> CommandNames(const CLI::App& command);

// "--output", ...; of this command.
std::vector<std::string> OptionNames(const CLI::App& command);

// Shell scripts that complete the commands and options of `root`, to be sourced.
std::string BashCompletion(const CLI::App& root);
std::string ZshCompletion(const CLI::App& root);

}  // namespace ropewalk
