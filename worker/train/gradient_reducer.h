#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace ropewalk {

// What a rank puts into a reduction, and afterwards what came out; empty parts cost nothing.
struct Contribution {
  absl::Span<int32_t> sums;      // added, modulo 2^32
  absl::Span<uint8_t> maxima;    // the largest is kept
  absl::Span<float> float_sums;  // added in an order that depends on the ring
  // What rounding has left out of float_sums before, to be added now, and what it leaves out this
  // time; [float_sums], or empty: that is lost, if the reducer rounds at all.
  absl::Span<const float> owed;
  absl::Span<float> owed_next;
  // Not to be rounded on the way.
  bool plain = false;
  // What keeps the parts alive, if they may be sent from where they lie: as RingBuffer has it.
  std::shared_ptr<const void> owner;
};

// Combines the contributions of all ranks, in place. The trainer's only view of other workers.
// Blocking; every rank calls it the same number of times with parts of the same lengths. An error
// means that the ring is broken: the parts' contents are undefined, they may be read until nobody
// else holds their owner, and no further call succeeds.
class GradientReducer {
 public:
  virtual ~GradientReducer() = default;
  virtual absl::Status AllReduce(int64_t step, const Contribution& contribution) = 0;
};

// A ring of one: the sum is the contribution.
class SoloReducer final : public GradientReducer {
 public:
  absl::Status AllReduce(int64_t, const Contribution&) override { return absl::OkStatus(); }
};

}  // namespace ropewalk
