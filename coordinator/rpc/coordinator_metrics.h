#pragma once

#include "coordinator/state/cluster.h"

namespace ropewalk {

// What an operator watches; all metrics begin with "ropewalk_coordinator_".

// Counts generations, recoveries with their seconds, and lost workers among the changes.
void CountChanges(const Changes& changes);

// Sets the numbers of jobs that have not ended and of workers, by state.
void ShowCluster(const Cluster& cluster);

}  // namespace ropewalk
