#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ropewalk/v1/ring_service.pb.h"

namespace ropewalk {

// A process's place in a ring, or in a mesh.
struct RingSeat {
  std::string job;
  int64_t generation = 0;
  int rank = 0;
  int ranks = 0;
  std::vector<int> hears;  // the ranks whose streams come here: a ring's predecessor
  int stripes = 1;         // streams of each of them
};

enum class Admission {
  kNow,
  kLater,  // the callee may join that ring yet
};

// Whether a stream that says `open` may feed the ring in which this process sits. `seat`: none if
// it sits in no ring; `left`: the last ring that it has left. Pure. ABORTED: the stream is of a
// ring that is past here, or of another job. FAILED_PRECONDITION: it is of this ring, but not from
// a rank that it hears.
absl::StatusOr<Admission> Admit(const v1::RingOpen& open, const std::optional<RingSeat>& seat,
                                const std::optional<RingSeat>& left);

}  // namespace ropewalk
