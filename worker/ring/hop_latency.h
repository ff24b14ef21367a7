#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "worker/ring/ring_buffer.h"

namespace ropewalk {

// The step of its reductions, which no other has.
inline constexpr int64_t kBeforeAllSteps = -1;

// How long a hop takes between processes that can do nothing but reduce: by the shortest of a few
// reductions of one byte, each of `hops` hops. Every rank calls it, and all get the longest that
// any measured, rounded up to a power of two of microseconds; what is below 64 us counts as none.
// `all_reduce`'s error; `attempt` tells its calls apart.
absl::StatusOr<absl::Duration> MeasureHopLatency(
    int hops,
    absl::FunctionRef<absl::Status(uint32_t attempt, absl::Span<const RingBuffer>)> all_reduce);

}  // namespace ropewalk
