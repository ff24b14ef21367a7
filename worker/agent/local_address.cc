#include "worker/agent/local_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/common/listen_address.h"
#include "services/common/resolve.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

struct FreeInterfaces {
  void operator()(ifaddrs* interfaces) const { freeifaddrs(interfaces); }
};

socklen_t SizeOf(const sockaddr& address) {
  return address.sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

// As in "host:port"; empty if it has no such form.
std::string HostText(const sockaddr& address) {
  char text[NI_MAXHOST];
  if (getnameinfo(&address, SizeOf(address), text, sizeof(text), nullptr, 0, NI_NUMERICHOST) != 0) {
    return "";
  }
  return address.sa_family == AF_INET6 ? absl::StrCat("[", text, "]") : std::string(text);
}

// A machine on another network could mean this one by it: neither loopback nor of one link only.
bool IsForOthers(const sockaddr& address) {
  if (address.sa_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    return !IN6_IS_ADDR_LOOPBACK(&v6) && !IN6_IS_ADDR_LINKLOCAL(&v6);
  }
  const uint32_t v4 = ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr);
  return v4 >> 24 != 127 && v4 >> 16 != 0xa9fe;
}

// Of all interfaces that are up. Those of IPv6 only if a server on "any interface" has them too.
std::vector<std::string> HostsOfInterfaces(bool with_ipv6) {
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, FreeInterfaces> interfaces(found);
  std::vector<std::string> hosts;
  for (const ifaddrs* at = found; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || (at->ifa_flags & IFF_UP) == 0) continue;
    const bool is_ipv6 = at->ifa_addr->sa_family == AF_INET6;
    if (!(at->ifa_addr->sa_family == AF_INET || (is_ipv6 && with_ipv6))) continue;
    const std::string host = IsForOthers(*at->ifa_addr) ? HostText(*at->ifa_addr) : "";
    if (!host.empty()) hosts.push_back(host);
  }
  return hosts;
}

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
  std::string host = HostText(reinterpret_cast<const sockaddr&>(local));
  if (host.empty()) return absl::UnavailableError("the local address has no text form");
  return host;
}

}  // namespace

std::string HostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }

bool MeansAnyInterface(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "[::]" || host == "*";
}

absl::StatusOr<std::string> AddressTowards(const std::string& peer) {
  ASSIGN_OR_RETURN(const HostPort to, ParseHostPort(peer));
  ASSIGN_OR_RETURN(const AddressList addresses, Resolve(to.host, to.port, SOCK_DGRAM));
  return LocalEnd(*addresses);
}

absl::StatusOr<std::vector<std::string>> ReachableAddresses(const std::string& listen_address,
                                                            int port, const std::string& peer) {
  const std::string host = HostOf(listen_address);
  if (!MeansAnyInterface(host)) return std::vector<std::string>{absl::StrCat(host, ":", port)};
  ASSIGN_OR_RETURN(const std::string towards_peer, AddressTowards(peer));
  std::vector<std::string> addresses = {absl::StrCat(towards_peer, ":", port)};
  for (const std::string& other : HostsOfInterfaces(/*with_ipv6=*/host == "[::]")) {
    if (other != towards_peer) addresses.push_back(absl::StrCat(other, ":", port));
  }
  return addresses;
}

}  // namespace ropewalk
