#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "worker/ring/ring_buffer.h"
#include "worker/ring/ring_schedule.h"

namespace ropewalk {

struct RingOptions {
  // What is reduced for whom; equal on all ranks.
  std::string job;
  int64_t generation = 0;
  // This process's place in `addresses`, the "host:port" of every rank's RingEndpoint in the order
  // of the ring.
  int rank = 0;
  std::vector<std::string> addresses;
  // Over how many connections each hop is made, equal on all ranks: more than one where one gets
  // less than the way carries.
  int stripes = 1;
  // How long the neighbours may take to appear.
  absl::Duration connect_timeout = absl::Seconds(60);
  // How long a hop may go without progress while this rank waits for it.
  absl::Duration hop_timeout = absl::Seconds(60);
  // How finely buffers are cut, equal on all ranks; what is 0 is as DefaultGranularity has it.
  Granularity granularity = {0, 0};
  // How long a hop takes, equal on all ranks; Connect measures it.
  absl::Duration latency = absl::ZeroDuration();

  int ranks() const { return static_cast<int>(addresses.size()); }
};

// INVALID_ARGUMENT: rank, addresses or stripes make no ring.
absl::Status CheckRingOptions(const RingOptions& options);

// INVALID_ARGUMENT: buffers that cannot go into one reduction.
absl::Status CheckRingBuffers(absl::Span<const RingBuffer> buffers);

Granularity GranularityOf(const RingOptions& options, absl::Span<const RingBuffer> buffers);

}  // namespace ropewalk
