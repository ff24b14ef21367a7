#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace ropewalk {

// The address of this machine's interface that leads to `peer`, "host:port": the one at which
// `peer`, and others on its network, reach this machine. Sends nothing. UNAVAILABLE: the host
// cannot be resolved or there is no route.
absl::StatusOr<std::string> AddressTowards(const std::string& peer);

// "host:port" at which others reach a server that listens on `listen_address` and was given `port`:
// its host, or, where that means any interface, the one towards `peer`.
absl::StatusOr<std::string> ReachableAddress(const std::string& listen_address, int port,
                                             const std::string& peer);

}  // namespace ropewalk
