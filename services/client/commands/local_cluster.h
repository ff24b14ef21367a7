#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/client/cluster/cluster_plan.h"

namespace ropewalk {

// The folder with this program and the others.
std::string ProgramFolder();

// A path that stays right in another folder.
std::string AbsolutePath(const std::string& path);

// OK when all members serve and all workers are attached to the coordinator; otherwise says what is
// missing.
absl::Status ProbeCluster(const std::vector<MemberPlan>& members);

}  // namespace ropewalk
