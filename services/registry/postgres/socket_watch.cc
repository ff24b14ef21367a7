#include "services/registry/postgres/socket_watch.h"

#include <sys/socket.h>

#include <algorithm>

#include "services/common/clock.h"
#include "services/common/threads.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kLongestSleep = absl::Hours(1);

absl::Duration Now() { return Clock::Real()->Monotonic(); }

}  // namespace

SocketWatch::SocketWatch() : looks_at_(Now()), thread_([this] { Loop(); }) {}

SocketWatch::~SocketWatch() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

int64_t SocketWatch::Add(int socket, absl::Duration timeout) {
  MutexLock lock(&mutex_);
  const absl::Duration deadline = Now() + timeout;
  watched_[next_id_] = Watched{socket, deadline, false};
  if (deadline < looks_at_) changed_.SignalAll();
  return next_id_++;
}

void SocketWatch::Remove(int64_t id) {
  MutexLock lock(&mutex_);
  watched_.erase(id);
}

bool SocketWatch::Expired(int64_t id) {
  MutexLock lock(&mutex_);
  return watched_.at(id).expired;
}

absl::Duration SocketWatch::ShutDownDue(absl::Duration now) {
  absl::Duration next = now + kLongestSleep;
  for (auto& [id, watched] : watched_) {
    if (watched.expired) continue;
    if (watched.deadline > now) {
      next = std::min(next, watched.deadline);
    } else {
      shutdown(watched.socket, SHUT_RDWR);
      watched.expired = true;
    }
  }
  return next;
}

void SocketWatch::Loop() {
  SetThreadName("socket-watch");
  MutexLock lock(&mutex_);
  while (!stop_) {
    const absl::Duration now = Now();
    looks_at_ = ShutDownDue(now);
    changed_.WaitFor(&mutex_, looks_at_ - now);
  }
}

}  // namespace ropewalk
