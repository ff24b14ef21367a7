#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace ropewalk {

// Time, injected so that tests need no sleeps. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall-clock time, for people and records.
  virtual absl::Time Now() const = 0;

  // Time since some fixed moment, never running backwards: for leases, deadlines and durations.
  virtual absl::Duration Monotonic() const = 0;

  // The machine's clock; lives for ever.
  static const Clock* Real();
};

}  // namespace ropewalk
