#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ropewalk {

// Asks the standard health service (grpc.health.v1.Health) at host:port, over a connection of its
// own. OK: it says SERVING. UNAVAILABLE: it cannot be reached within `timeout` or says otherwise.
absl::Status CheckServing(const std::string& address, absl::Duration timeout);

}  // namespace ropewalk
