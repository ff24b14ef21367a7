#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"

namespace ropewalk {

// Compares what the members of one generation say the trained state is after a step.
class DigestLedger {
 public:
  // Takes in that `worker` holds a state with `digest` after `step`; a digest of 0 says nothing.
  // DATA_LOSS: another worker's digest of that step differs; the message names step and both
  // workers.
  absl::Status Check(const std::string& worker, int64_t step, uint64_t digest);

  void Clear() { entries_.clear(); }

 private:
  struct Entry {
    std::string worker;  // the first to say so
    uint64_t digest;
  };
  std::map<int64_t, Entry> entries_;  // by step, the newest few
};

}  // namespace ropewalk
