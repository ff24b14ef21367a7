#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

// What a person asked of `ropewalk up`.
struct ClusterOptions {
  std::string state_folder;    // absolute
  std::string program_folder;  // where ropewalk-coordinator and the others are
  int workers = 2;
  int port_base = 7070;  // 0: any free ports
  int threads = 0;       // of each worker; 0: its share of the cores
};

// One process to start.
struct MemberPlan {
  std::string name;
  std::vector<std::string> command;  // the program's path, then its arguments
  std::string address;
  std::string http_address;
  std::string log;
};

// gRPC and HTTP ports in the order coordinator, registry, worker-0, worker-1, ...: from a port
// base, the coordinator has +0 and +1, the registry +10 and +11, worker i +20+2i and +21+2i.
std::vector<int> PortsFrom(int port_base, int workers);

// Ports that nobody listened on just now. RESOURCE_EXHAUSTED: there are none.
absl::StatusOr<std::vector<int>> FreePorts(int count);

// The commands of a cluster, coordinator first. Pure. ports: as PortsFrom orders them.
std::vector<MemberPlan> PlanCluster(const ClusterOptions& options, const std::vector<int>& ports,
                                    int cores);

}  // namespace ropewalk
