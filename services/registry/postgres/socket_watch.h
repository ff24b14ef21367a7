#pragma once

#include <cstdint>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// Shuts sockets down whose time is up. For a library that waits for an answer as long as it takes,
// as libpq does for a server that is stopped but whose kernel still acknowledges: it then finds the
// connection lost. Has one thread. Thread-safe.
class SocketWatch {
 public:
  SocketWatch();
  // REQUIRES: all guards are gone.
  ~SocketWatch();
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  // Watches a socket, which stays open meanwhile, for as long as it lives.
  class Guard {
   public:
    Guard(SocketWatch* watch, int socket, absl::Duration timeout)
        : watch_(watch), id_(watch->Add(socket, timeout)) {}
    ~Guard() { watch_->Remove(id_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Whether the time was up.
    bool expired() const { return watch_->Expired(id_); }

   private:
    SocketWatch* const watch_;
    const int64_t id_;
  };

 private:
  struct Watched {
    int socket;
    absl::Duration deadline;
    bool expired;
  };

  int64_t Add(int socket, absl::Duration timeout);
  void Remove(int64_t id);
  bool Expired(int64_t id);
  void Loop();
  // Shuts down what is due; when to look again.
  absl::Duration ShutDownDue(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  // When the thread looks again.
  absl::Duration looks_at_ ABSL_GUARDED_BY(mutex_);
  std::map<int64_t, Watched> watched_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace ropewalk
