#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace ropewalk {

struct ServerOptions;

// Adds what every server takes: --listen, --http-listen, --http-certificate, --http-key,
// --insecure,
// --log-level. The defaults are what the arguments hold.
void AddServerFlags(CLI::App& app, ServerOptions* options, std::string* log_level);

// Call when all options are there. Each can then be given in four ways, the first of which wins:
// --some-flag on the command line, ROPEWALK_SOME_FLAG in the environment, `some-flag:` in the YAML
// file that --config names (flat; lists for options that take several values), the default. An
// unknown key in the file is an error that names the nearest known one.
void BindStandardFlags(CLI::App& app);

// Parses. Nothing: go on. Otherwise the exit code, after saying why: 0 for --help, 2 for bad usage.
std::optional<int> ParseFlags(CLI::App& app, int argc, const char* const* argv);

}  // namespace ropewalk
