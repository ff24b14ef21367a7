#pragma once

#include "absl/time/time.h"
#include "coordinator/scheduler/placement_policy.h"
#include "coordinator/state/cluster.h"

namespace ropewalk {

// What the policy is to know of the cluster as it is.
PlacementInput PlacementInputOf(const Cluster& cluster, absl::Time now);

}  // namespace ropewalk
