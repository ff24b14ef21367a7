#include "services/client/cluster/signal_waiter.h"

#include <algorithm>

namespace ropewalk {

SignalWaiter::SignalWaiter() {
  sigemptyset(&signals_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int SignalWaiter::Wait(absl::Duration timeout) const {
  const timespec limit = absl::ToTimespec(timeout);
  return std::max(0, sigtimedwait(&signals_, nullptr, &limit));
}

}  // namespace ropewalk
