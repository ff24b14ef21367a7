#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// A bell that one thread waits for and any thread rings; rings that nobody waited for are kept as
// one. Thread-safe.
class Wakeup {
 public:
  void Ring() {
    MutexLock lock(&mutex_);
    rung_ = true;
    changed_.SignalAll();
  }

  // Returns when the bell has been rung since the last call, or after `timeout`.
  void WaitFor(absl::Duration timeout) {
    MutexLock lock(&mutex_);
    if (!rung_) changed_.WaitFor(&mutex_, timeout);
    rung_ = false;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool rung_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ropewalk
