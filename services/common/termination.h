#pragma once

#include "absl/time/time.h"

namespace ropewalk {

// Turns SIGTERM and SIGINT into something to wait for. Make one first thing in main, before any
// thread starts: it blocks both signals for the process from then on (a child process inherits that
// and must unblock them before exec). Thread-safe; once requested, it stays so.
class Termination {
 public:
  Termination();
  ~Termination();
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;

  // Returns when one of the signals has come.
  void Wait() const;

  // Waits at most `timeout`; whether a signal has come.
  bool WaitFor(absl::Duration timeout) const;

  bool requested() const { return WaitFor(absl::ZeroDuration()); }

 private:
  int signal_fd_;
};

}  // namespace ropewalk
