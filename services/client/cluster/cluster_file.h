#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/client/cluster/process_id.h"

namespace ropewalk {

// A process of a local cluster.
struct ClusterMember {
  std::string name;  // "coordinator", "registry", "worker-0", ...
  ProcessId process;
  std::string address;       // gRPC, host:port
  std::string http_address;  // host:port
  std::string log;           // path
};

// What `ropewalk up` leaves in DIR/cluster.json for the other commands: who runs, and where.
struct ClusterFile {
  ProcessId supervisor;
  std::vector<ClusterMember> members;

  // "" if there is no member of that name.
  std::string AddressOf(const std::string& member) const;
};

std::string ClusterFilePath(const std::string& state_folder);

// JSON, with the addresses of coordinator and registry also at the top for scripts.
std::string FormatClusterFile(const ClusterFile& cluster);

// INVALID_ARGUMENT: not what FormatClusterFile writes.
absl::StatusOr<ClusterFile> ParseClusterFile(const std::string& json);

// NOT_FOUND: no cluster runs with that state folder.
absl::StatusOr<ClusterFile> ReadClusterFile(const std::string& state_folder);

// Atomic: a reader sees the old file or the new one.
absl::Status WriteClusterFile(const std::string& state_folder, const ClusterFile& cluster);

}  // namespace ropewalk
