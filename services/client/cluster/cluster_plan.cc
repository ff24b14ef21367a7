#include "services/client/cluster/cluster_plan.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

std::string Loopback(int port) { return absl::StrCat("127.0.0.1:", port); }

// A member with the flags that all programs share. place: 0 for the coordinator, 1, 2, ...
MemberPlan Member(const ClusterOptions& options, const std::vector<int>& ports, int place,
                  const std::string& program, const std::string& name) {
  MemberPlan member;
  member.name = name;
  member.address = Loopback(ports[2 * place]);
  member.http_address = Loopback(ports[2 * place + 1]);
  member.log = absl::StrCat(options.state_folder, "/logs/", name, ".log");
  member.command = {absl::StrCat(options.program_folder, "/", program), "--listen", member.address,
                    "--http-listen", member.http_address};
  return member;
}

void AddFlags(const std::vector<std::string>& flags, MemberPlan* member) {
  member->command.insert(member->command.end(), flags.begin(), flags.end());
}

// A socket bound to a free loopback port, or -1.
int BindFreePort(int* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, generic, length) == 0 && getsockname(fd, generic, &length) == 0) {
    *port = ntohs(address.sin_port);
    return fd;
  }
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace

std::vector<int> PortsFrom(int port_base, int workers) {
  std::vector<int> ports = {port_base, port_base + 1, port_base + 10, port_base + 11};
  for (int i = 0; i < 2 * workers; ++i) ports.push_back(port_base + 20 + i);
  return ports;
}

absl::StatusOr<std::vector<int>> FreePorts(int count) {
  std::vector<int> ports(count), sockets;  // all held at once, so that no port comes twice
  for (int& port : ports) {
    const int fd = BindFreePort(&port);
    if (fd >= 0) sockets.push_back(fd);
  }
  for (const int fd : sockets) close(fd);
  if (sockets.size() == ports.size()) return ports;
  return absl::ResourceExhaustedError("there are not enough free ports on this machine");
}

std::vector<MemberPlan> PlanCluster(const ClusterOptions& options, const std::vector<int>& ports,
                                    int cores) {
  const std::string& state = options.state_folder;
  MemberPlan coordinator = Member(options, ports, 0, "ropewalk-coordinator", "coordinator");
  AddFlags({"--database", absl::StrCat(state, "/coordinator.db")}, &coordinator);
  MemberPlan registry = Member(options, ports, 1, "ropewalk-registry", "registry");
  AddFlags({"--data", absl::StrCat(state, "/registry")}, &registry);
  std::vector<MemberPlan> members = {coordinator, registry};
  const int share = std::max(1, cores / std::max(1, options.workers));
  const int threads = options.threads > 0 ? options.threads : share;
  for (int i = 0; i < options.workers; ++i) {
    const std::string name = absl::StrCat("worker-", i);
    MemberPlan worker = Member(options, ports, 2 + i, "ropewalk-worker", name);
    AddFlags({"--name", name, "--coordinator", coordinator.address, "--registry", registry.address,
              "--cache", absl::StrCat(state, "/cache/", name), "--threads", absl::StrCat(threads)},
             &worker);
    members.push_back(worker);
  }
  return members;
}

}  // namespace ropewalk
