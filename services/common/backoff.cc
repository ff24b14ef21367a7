#include "services/common/backoff.h"

#include <algorithm>

namespace ropewalk {

Backoff::Backoff(absl::Duration first, absl::Duration max, uint64_t seed)
    : first_(first), max_(max), ceiling_(first), random_(seed) {}

absl::Duration Backoff::Next() {
  const double share = std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  const absl::Duration delay = ceiling_ * share;
  ceiling_ = std::min(ceiling_ * 2, max_);
  return delay;
}

void Backoff::Reset() { ceiling_ = first_; }

}  // namespace ropewalk
