#pragma once

#include <functional>
#include <ostream>

#include "services/common/clock.h"

namespace ropewalk {

// Where a command writes, and what it knows about who reads: data to `out`, messages to `err`.
struct Console {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  // `err` is one, so a line can be redrawn
  bool color = false;     // it shows colours, and NO_COLOR is not set
  int width = 80;         // of the terminal
  const Clock* clock = Clock::Real();
  // Whether Ctrl-C was pressed since a command began to listen for it.
  std::function<bool()> interrupted = [] { return false; };
};

// On this process's standard output and error.
Console StandardConsole();

// From now on Ctrl-C and SIGTERM do not end the process but make Console::interrupted true.
void ListenForInterrupts();

}  // namespace ropewalk
