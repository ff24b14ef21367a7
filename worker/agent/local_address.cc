#include "worker/agent/local_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

std::string HostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }
std::string PortOf(const std::string& address) { return address.substr(address.rfind(':') + 1); }

bool MeansAnyInterface(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "[::]" || host == "*";
}

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

// The local end of a datagram socket that was "connected" to `to`: the kernel looks up the route.
absl::StatusOr<std::string> LocalEnd(const addrinfo& to) {
  const int fd = socket(to.ai_family, SOCK_DGRAM, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "no datagram socket");
  sockaddr_storage local = {};
  socklen_t size = sizeof(local);
  const bool found = connect(fd, to.ai_addr, to.ai_addrlen) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0;
  const int error = errno;
  close(fd);
  if (!found) return absl::UnavailableError(absl::StrCat("no route: ", strerror(error)));
  char text[NI_MAXHOST];
  if (getnameinfo(reinterpret_cast<sockaddr*>(&local), size, text, sizeof(text), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return absl::UnavailableError("the local address has no text form");
  }
  return to.ai_family == AF_INET6 ? absl::StrCat("[", text, "]") : std::string(text);
}

}  // namespace

absl::StatusOr<std::string> AddressTowards(const std::string& peer) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(HostOf(peer).c_str(), PortOf(peer).c_str(), &hints, &found);
  if (error != 0)
    return absl::UnavailableError(absl::StrCat("cannot resolve ", peer, ": ", gai_strerror(error)));
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  return LocalEnd(*addresses);
}

absl::StatusOr<std::string> ReachableAddress(const std::string& listen_address, int port,
                                             const std::string& peer) {
  std::string host = HostOf(listen_address);
  if (MeansAnyInterface(host)) {
    ASSIGN_OR_RETURN(host, AddressTowards(peer));
  }
  return absl::StrCat(host, ":", port);
}

}  // namespace ropewalk
