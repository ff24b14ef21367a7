#pragma once

#include "absl/time/time.h"
#include "worker/ring/ring_options.h"

namespace ropewalk {

// Of a rank whose transports are local.
inline RingOptions LocalOptions(int rank, int ranks, absl::Duration hop_timeout) {
  RingOptions options;
  options.job = "jobs/test";
  options.generation = 4;
  options.rank = rank;
  options.addresses.assign(ranks, "local");
  options.hop_timeout = hop_timeout;
  return options;
}

}  // namespace ropewalk
