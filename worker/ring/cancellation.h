#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// Stops what waits for other workers: connecting, reducing, pulling a state. One may serve several
// of them, at the same time or in turn; once cancelled it stays cancelled. Thread-safe.
class RingCancellation {
 public:
  RingCancellation() = default;
  RingCancellation(const RingCancellation&) = delete;
  RingCancellation& operator=(const RingCancellation&) = delete;

  // `reason` completes "cancelled: ...". Calls after the first change nothing. Does not block.
  void Cancel(absl::string_view reason);

  // OK, or CANCELLED with the reason.
  absl::Status status() const;

  // Waits until `timeout` passes or Cancel is called; returns status().
  absl::Status Wait(absl::Duration timeout);

  // Calls `stop` from Cancel's thread, or from the constructor if it is too late for that. `stop`
  // runs at most once, not after the destructor has returned, and must neither block nor come back
  // to the RingCancellation.
  class Listener {
   public:
    // `cancellation` outlives the listener; null: never cancelled.
    Listener(RingCancellation* cancellation, std::function<void(const absl::Status&)> stop);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    RingCancellation* const cancellation_;
    int64_t id_ = 0;
  };

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::function<void(const absl::Status&)>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
