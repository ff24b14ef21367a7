#include "services/common/resolve.h"

#include "absl/strings/str_cat.h"

namespace ropewalk {

absl::StatusOr<AddressList> Resolve(const std::string& host, int port, int socket_type) {
  addrinfo hints = {};
  hints.ai_socktype = socket_type;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("cannot resolve ", host, ": ", gai_strerror(error)));
  }
  return AddressList(found);
}

}  // namespace ropewalk
