#include "services/common/termination.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace ropewalk {

Termination::Termination() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC);
}

Termination::~Termination() { close(signal_fd_); }

void Termination::Wait() const {
  while (!WaitFor(absl::Minutes(1))) {
  }
}

bool Termination::WaitFor(absl::Duration timeout) const {
  // The signal is never read off, so it stays pending, and everyone who asks sees it.
  pollfd poll_fd{signal_fd_, POLLIN, 0};
  const int64_t most = std::numeric_limits<int>::max();
  const int milliseconds =
      static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout), 0, most));
  int ready;
  do {
    ready = poll(&poll_fd, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace ropewalk
