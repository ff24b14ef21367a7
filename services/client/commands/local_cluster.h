#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "services/client/cluster/background.h"
#include "services/client/cluster/cluster_plan.h"

namespace ropewalk {

// The folder with this program and the others.
std::string ProgramFolder();

// The state folder as an absolute path: the flag, or else ROPEWALK_STATE.
// INVALID_ARGUMENT: neither is given.
absl::StatusOr<std::string> StateFolder(const std::string& flag);

// OK when all members serve and all workers are attached to the coordinator; otherwise says what is
// missing.
absl::Status ProbeCluster(const std::vector<MemberPlan>& members);

}  // namespace ropewalk
