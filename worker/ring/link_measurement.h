#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/ring/cancellation.h"

namespace ropewalk {

// What the way to another worker is worth.
struct LinkSpeed {
  std::string address;          // by which it was measured
  absl::Duration round_trip;    // of a small message and its answer, the fastest of several
  double bytes_per_second = 0;  // over `connections` at once, when they are up to speed
  int connections = 1;          // more only if they get notably more than one
};

// How much a measurement sends at most; what ends first ends it.
struct LinkMeasurementOptions {
  absl::Duration connect_timeout = absl::Seconds(2);
  absl::Duration sending_time = absl::Seconds(1);
  int64_t bytes = 8 << 20;  // over one connection and over several; 0: only round trips
};

// Measures the way to the RingService of the process `incarnation` by each of `addresses`
// ("host:port"), over one connection and over several, and returns the fastest; of those that
// differ little, the first. Blocks: for `connect_timeout` and, with each address that answers, some
// times `sending_time` at most. UNAVAILABLE: the process answers at none of them; the message says
// why, for each. CANCELLED: cancelled; `cancellation` may be null.
absl::StatusOr<LinkSpeed> MeasureLink(const std::vector<std::string>& addresses,
                                      const std::string& incarnation,
                                      const LinkMeasurementOptions& options = {},
                                      RingCancellation* cancellation = nullptr);

}  // namespace ropewalk
