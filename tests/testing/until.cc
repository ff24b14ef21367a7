#include "tests/testing/until.h"

#include <poll.h>

#include "services/common/clock.h"

namespace ropewalk {

absl::Status Until(absl::Duration timeout, absl::FunctionRef<bool()> holds) {
  constexpr int kPauseMs = 20;
  const absl::Duration deadline = Clock::Real()->Monotonic() + timeout;
  while (!holds()) {
    if (Clock::Real()->Monotonic() > deadline)
      return absl::DeadlineExceededError("it did not come about in time");
    poll(nullptr, 0, kPauseMs);
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
