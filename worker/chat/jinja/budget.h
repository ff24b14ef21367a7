#pragma once

#include "absl/status/status.h"
#include "worker/chat/jinja/limits.h"

namespace ropewalk::jinja {

// Counts down what one rendering may cost. Errors: INVALID_ARGUMENT naming the limit.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}

  // Takes `count` steps.
  absl::Status Step(int64_t count = 1);
  // Takes the steps of looking at `bytes` bytes.
  absl::Status Scan(size_t bytes) { return Step(1 + static_cast<int64_t>(bytes / 64)); }
  // Takes memory; before it is asked of the system.
  absl::Status Allocate(size_t bytes);
  // As Allocate of count * size, which may overflow; takes nothing.
  absl::Status Fits(size_t count, size_t size) const;

  const Limits& limits() const { return limits_; }

 private:
  const Limits limits_;
  int64_t steps_ = 0;
  size_t allocated_ = 0;
};

}  // namespace ropewalk::jinja
