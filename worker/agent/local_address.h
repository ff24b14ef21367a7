#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

// Of "host:port"; with its brackets, if it is an IPv6 address.
std::string HostOf(const std::string& address);

// Whether a server that listens on the host listens on all of the machine's addresses.
bool MeansAnyInterface(const std::string& host);

// The address of this machine's interface that leads to `peer`, "host:port": the one at which
// `peer`, and others on its network, reach this machine. Sends nothing. UNAVAILABLE: the host
// cannot be resolved or there is no route. INVALID_ARGUMENT: `peer` is no "host:port".
absl::StatusOr<std::string> AddressTowards(const std::string& peer);

// "host:port" at which others may reach a server that listens on `listen_address` and was given
// `port`: its host, or, where that means any interface, first the one towards `peer`, then those of
// this machine's other networks. Among the latter may be some that mean another machine elsewhere,
// e.g. a bridge of containers.
absl::StatusOr<std::vector<std::string>> ReachableAddresses(const std::string& listen_address,
                                                            int port, const std::string& peer);

}  // namespace ropewalk
