#include <string>
#include <vector>

#include "services/client/commands/command_line.h"
#include "services/client/commands/local_cluster.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return ropewalk::RunCommandLine(arguments, ropewalk::StandardConsole(),
                                  ropewalk::ProgramFolder());
}
