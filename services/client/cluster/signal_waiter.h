#pragma once

#include <signal.h>

#include "absl/time/time.h"

namespace ropewalk {

// Turns SIGTERM, SIGINT, SIGHUP and SIGCHLD into values. They are blocked from construction on, in
// the calling thread and in those it starts later. For the main thread of a supervisor.
class SignalWaiter {
 public:
  SignalWaiter();

  // The next signal, or 0 if none came within `timeout`.
  int Wait(absl::Duration timeout) const;

 private:
  sigset_t signals_;
};

}  // namespace ropewalk
