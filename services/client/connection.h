#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace ropewalk {

// Where a person says the servers are; empty: not said.
struct ConnectionFlags {
  std::string coordinator;  // host:port
  std::string registry;     // host:port
  std::string state;        // the state folder of a local cluster
};

struct Addresses {
  std::string coordinator;
  std::string registry;
};

// Finds each address in this order: its flag; the cluster of --state; ROPEWALK_COORDINATOR or
// ROPEWALK_REGISTRY; the cluster of ROPEWALK_STATE; the default port on loopback.
// environment: the value of a variable, "" if it is not set.
// NOT_FOUND: a state folder was named and no cluster runs there.
absl::StatusOr<Addresses> ResolveAddresses(
    const ConnectionFlags& flags,
    const std::function<std::string(const std::string&)>& environment);

// Of this process, for ResolveAddresses.
std::string EnvironmentVariable(const std::string& name);

}  // namespace ropewalk
