#include "worker/ring/congestion_control.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <grpc/support/sync.h>
#include <netinet/tcp.h>

#include <cstdint>
#include <cstring>

#include "services/common/listen_address.h"

// gRPC takes a mutator of sockets from C++, but Debian has no header that says what one is. This is
// what gRPC 1.51 has; the version is asked before it is used.
struct grpc_mutate_socket_info {
  int fd;
  int usage;
};

struct grpc_socket_mutator_vtable {
  bool (*mutate_fd)(int fd, grpc_socket_mutator* mutator);
  int (*compare)(grpc_socket_mutator* a, grpc_socket_mutator* b);
  void (*destroy)(grpc_socket_mutator* mutator);
  bool (*mutate_fd_2)(const grpc_mutate_socket_info* info, grpc_socket_mutator* mutator);
};

struct grpc_socket_mutator {
  const grpc_socket_mutator_vtable* vtable;
  gpr_refcount references;
};

namespace ropewalk {
namespace {

constexpr char kCoreVersion[] = "29.0.0";  // of gRPC 1.51

// A socket that keeps the system's congestion control works as well.
bool SendPlainly(int fd, grpc_socket_mutator*) {
  for (const char* name : {"cubic", "reno"}) {
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, std::strlen(name)) == 0) break;
  }
  return true;
}

constexpr grpc_socket_mutator_vtable kTable = {
    &SendPlainly,
    [](grpc_socket_mutator* a, grpc_socket_mutator* b) { return a < b ? -1 : a > b; },
    [](grpc_socket_mutator* mutator) { delete mutator; },
    nullptr,
};

bool IsPrivate(uint32_t address) {
  return address >> 24 == 10 || address >> 20 == (172u << 4 | 1) ||
         address >> 16 == (192u << 8 | 168);
}

}  // namespace

bool IsNearby(const std::string& address) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return false;
  if (IsLoopback(parsed->host)) return true;
  in_addr v4;
  if (inet_pton(AF_INET, parsed->host.c_str(), &v4) == 1) return IsPrivate(ntohl(v4.s_addr));
  in6_addr v6;
  if (inet_pton(AF_INET6, parsed->host.c_str(), &v6) == 1) {
    return (v6.s6_addr[0] & 0xfe) == 0xfc;
  }
  return false;
}

grpc_socket_mutator* PlainCongestionControl() {
  using Init = void (*)(grpc_socket_mutator*, const grpc_socket_mutator_vtable*);
  static const Init init = reinterpret_cast<Init>(
      dlsym(RTLD_DEFAULT,
            "_Z24grpc_socket_mutator_initP19grpc_socket_mutatorPK26grpc_socket_mutator_vtable"));
  if (init == nullptr || std::strcmp(grpc_version_string(), kCoreVersion) != 0) return nullptr;
  auto* const mutator = new grpc_socket_mutator;
  init(mutator, &kTable);
  return mutator;
}

}  // namespace ropewalk
