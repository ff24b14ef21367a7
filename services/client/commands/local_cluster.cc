#include "services/client/commands/local_cluster.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "services/client/coordinator_client.h"
#include "services/client/health_check.h"
#include "services/common/status_macros.h"

namespace ropewalk {

std::string ProgramFolder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  return std::filesystem::absolute(path, error).lexically_normal().string();
}

absl::Status ProbeCluster(const std::vector<MemberPlan>& members) {
  for (const MemberPlan& member : members) {
    RETURN_IF_ERROR(CheckServing(member.address, absl::Seconds(1)));
  }
  const auto coordinator = CoordinatorClient::Connect(members.front().address);
  ASSIGN_OR_RETURN(const std::vector<v1::Worker> workers, coordinator->ListWorkers());
  size_t attached = 0;
  for (const v1::Worker& worker : workers) attached += worker.state() != v1::Worker::LOST;
  const size_t wanted = members.size() - 2;
  if (attached >= wanted) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(attached, " of ", wanted, " workers have attached to the coordinator"));
}

}  // namespace ropewalk
