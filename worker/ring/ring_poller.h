#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// What an operation of gRPC's is to be followed by; false: it did not succeed. Its address is the
// operation's tag, so it stays where it is until then.
using RingEvent = std::function<void(bool ok)>;

// Handles the events of a process's ring streams, one at a time. They come by one completion queue,
// and whoever waits for a chunk polls it: so a chunk is read from its socket, reduced and written
// to the next by one thread, and no other has to be woken in between. While nobody waits, an
// attendant thread polls. Thread-safe.
class RingPoller {
 public:
  explicit RingPoller(std::unique_ptr<grpc::ServerCompletionQueue> queue);

  // Waits until all streams have ended. REQUIRES: the server has been shut down.
  ~RingPoller();

  // For operations whose tag is a RingEvent*.
  grpc::ServerCompletionQueue* queue() const { return queue_.get(); }

  // Handles events until `done`, which is asked before each; false: not before `deadline`. Not to
  // be called from an event.
  bool PollUntil(absl::FunctionRef<bool()> done, absl::Time deadline);

  // To be called when what PollUntil waits for has come about otherwise than by an event.
  void Wake();

  // Held by a stream for as long as it may start operations.
  class Use {
   public:
    explicit Use(RingPoller* poller);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    RingPoller* const poller_;
  };

 private:
  class Turn;

  void Attend();
  void HandleOne(absl::Time deadline);
  void WakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  Mutex mutex_;
  CondVar changed_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  int uses_ ABSL_GUARDED_BY(mutex_) = 0;
  bool polling_ ABSL_GUARDED_BY(mutex_) = false;  // some thread has its turn
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;       // threads, for their turn
  absl::Time last_turn_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool waking_ ABSL_GUARDED_BY(mutex_) = false;  // the alarm is set
  grpc::Alarm alarm_;
  RingEvent on_alarm_;
  std::thread attendant_;
};

}  // namespace ropewalk
