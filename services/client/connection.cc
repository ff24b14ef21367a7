#include "services/client/connection.h"

#include <cstdlib>

#include "services/client/cluster/cluster_file.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr char kDefaultCoordinator[] = "127.0.0.1:7070";
constexpr char kDefaultRegistry[] = "127.0.0.1:7080";

void FillAbsent(const Addresses& from, Addresses* to) {
  if (to->coordinator.empty()) to->coordinator = from.coordinator;
  if (to->registry.empty()) to->registry = from.registry;
}

absl::Status FillFromState(const std::string& state_folder, Addresses* addresses) {
  const bool complete = !addresses->coordinator.empty() && !addresses->registry.empty();
  if (state_folder.empty() || complete) return absl::OkStatus();
  ASSIGN_OR_RETURN(const ClusterFile cluster, ReadClusterFile(state_folder));
  FillAbsent({cluster.AddressOf("coordinator"), cluster.AddressOf("registry")}, addresses);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Addresses> ResolveAddresses(
    const ConnectionFlags& flags,
    const std::function<std::string(const std::string&)>& environment) {
  Addresses addresses = {flags.coordinator, flags.registry};
  RETURN_IF_ERROR(FillFromState(flags.state, &addresses));
  FillAbsent({environment("ROPEWALK_COORDINATOR"), environment("ROPEWALK_REGISTRY")}, &addresses);
  RETURN_IF_ERROR(FillFromState(environment("ROPEWALK_STATE"), &addresses));
  FillAbsent({kDefaultCoordinator, kDefaultRegistry}, &addresses);
  return addresses;
}

std::string EnvironmentVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

}  // namespace ropewalk
