#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace ropewalk {

// How long a rank waits for the next chunk before it calls the hop from its predecessor broken.
// Pure; times are those of Clock::Monotonic.
//
// When one hop of a ring stalls, every rank runs dry at nearly the same time. So a rank that waits
// tells its successor, four times within the timeout. Who hears that knows that its own hop is
// sound; only the rank behind the broken hop hears nothing, and it is the one that names it. Should
// all ranks wait for one another, twice the timeout ends it.
class HopPatience {
 public:
  HopPatience(absl::Duration timeout, absl::Duration now)
      : timeout_(timeout), start_(now), heard_(now), next_notice_(now + timeout / 4) {}

  // The predecessor gave a sign of life.
  void Hear(absl::Duration now) { heard_ = now; }

  bool exhausted(absl::Duration now) const { return now >= end(); }

  // How long to wait before the next notice is due or patience ends.
  absl::Duration Wait(absl::Duration now) const { return std::min(next_notice_, end()) - now; }

  // Whether it is time to tell the successor; if so, the next notice is due a quarter later.
  bool TakeNotice(absl::Duration now) {
    if (now < next_notice_) return false;
    next_notice_ = now + timeout_ / 4;
    return true;
  }

 private:
  absl::Duration end() const { return std::min(heard_ + timeout_, start_ + 2 * timeout_); }

  const absl::Duration timeout_;
  const absl::Duration start_;
  absl::Duration heard_;
  absl::Duration next_notice_;
};

}  // namespace ropewalk
