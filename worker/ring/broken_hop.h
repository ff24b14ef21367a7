#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// The hop at which a ring broke: chunks no longer went from one rank to the next. It travels inside
// the absl::Status of whatever failed, on every rank of the ring as far as the news got.
struct BrokenHop {
  int from_rank = -1;
  int to_rank = -1;

  bool operator==(const BrokenHop&) const = default;
};

// An error that names its hop: `message` goes on after "hop 1 -> 2: ". REQUIRES: code is not OK.
absl::Status BrokenHopError(absl::StatusCode code, BrokenHop hop, absl::string_view message);

// `status` with `hop` added and its message as it is. REQUIRES: status is not OK.
absl::Status WithBrokenHop(absl::Status status, BrokenHop hop);

// The hop that `status` names; none if the failure was not that of a hop, as when it was cancelled.
std::optional<BrokenHop> BrokenHopOf(const absl::Status& status);

}  // namespace ropewalk
