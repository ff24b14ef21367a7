#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/ring/cancellation.h"

namespace ropewalk {

// Fetches the state that the worker at `address` had after `step` and offers to members of `job`
// (RingEndpoint::OfferState). Blocks. A broken stream is taken up where it ended; a worker that is
// not there yet, or does not offer the state yet, is asked again; all that as long as no
// `progress_timeout` passes without a new byte. `cancellation` may be null.
// UNAVAILABLE, ABORTED, NOT_FOUND: what stood in the way when the time was over (see PullState in
// ring_service.proto). DEADLINE_EXCEEDED: the worker does not answer. DATA_LOSS: the bytes do not
// match the digest that came with them. CANCELLED: cancelled.
absl::StatusOr<std::string> PullState(const std::string& address, const std::string& job,
                                      int64_t generation, int64_t step,
                                      absl::Duration progress_timeout,
                                      RingCancellation* cancellation = nullptr);

}  // namespace ropewalk
