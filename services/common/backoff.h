#pragma once

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace ropewalk {

// Delays between attempts: doubling from `first` to `max`, each drawn evenly from the upper half of
// its range so that many clients do not come back together. Pure: the seed fixes the delays.
class Backoff {
 public:
  Backoff(absl::Duration first, absl::Duration max, uint64_t seed);

  // How long to wait before the next attempt.
  absl::Duration Next();

  // Begins again at `first`: call after a success.
  void Reset();

 private:
  const absl::Duration first_;
  const absl::Duration max_;
  absl::Duration ceiling_;
  std::mt19937_64 random_;
};

}  // namespace ropewalk
