#pragma once

#include <netdb.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ropewalk {

struct FreeAddressList {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

// The addresses of a host, as getaddrinfo gives them; at least one.
using AddressList = std::unique_ptr<addrinfo, FreeAddressList>;

// Looks up `host`, a name or a number without brackets, for sockets of `socket_type` (SOCK_STREAM,
// ...). UNAVAILABLE: it cannot be resolved.
absl::StatusOr<AddressList> Resolve(const std::string& host, int port, int socket_type);

}  // namespace ropewalk
