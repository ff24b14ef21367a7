#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

struct HostPort {
  std::string host;
  int port = 0;
};

// Splits "127.0.0.1:7070", "[::1]:7070" or "localhost:0".
// INVALID_ARGUMENT: there is no host, or no port from 0 to 65535.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view address);

// Whether only this machine can reach the host: 127.0.0.0/8, ::1 or localhost.
bool IsLoopback(absl::string_view host);

// Whether a server may listen on the address: loopback always, others only when `insecure`.
// INVALID_ARGUMENT: not an address. FAILED_PRECONDITION: neither loopback nor `insecure`.
absl::Status CheckListenAddress(absl::string_view address, bool insecure);

}  // namespace ropewalk
