#include "services/client/console.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <iostream>

#include "services/client/connection.h"

namespace ropewalk {
namespace {

std::atomic<bool> interrupt_seen = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void NoteInterrupt(int) { interrupt_seen = true; }

int TerminalWidth() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

Console StandardConsole() {
  Console console{std::cout, std::cerr};
  console.terminal = isatty(STDERR_FILENO) == 1 && EnvironmentVariable("TERM") != "dumb";
  console.color = console.terminal && EnvironmentVariable("NO_COLOR").empty();
  console.width = TerminalWidth();
  console.interrupted = [] { return interrupt_seen.load(); };
  return console;
}

void ListenForInterrupts() {
  struct sigaction action {};
  action.sa_handler = NoteInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace ropewalk
