#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"

namespace ropewalk {

// A clock that stands still unless moved. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::Now()) : start_(start) {}

  void Advance(absl::Duration duration) {
    MutexLock lock(&mutex_);
    passed_ += duration;
  }

  absl::Time Now() const override { return start_ + Monotonic(); }

  absl::Duration Monotonic() const override {
    MutexLock lock(&mutex_);
    return passed_;
  }

 private:
  const absl::Time start_;
  mutable Mutex mutex_;
  absl::Duration passed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
