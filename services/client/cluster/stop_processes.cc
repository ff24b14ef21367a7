#include <signal.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "services/client/cluster/supervisor.h"

namespace ropewalk {
namespace {

// Asks all to end, waits until `deadline`, then forces the rest.
void StopTogether(const std::vector<ProcessId>& processes, absl::Duration deadline) {
  for (const ProcessId& process : processes) SignalProcess(process, SIGTERM);
  for (const ProcessId& process : processes) {
    const absl::Duration left = deadline - Clock::Real()->Monotonic();
    if (WaitForExit(process, std::max(left, absl::ZeroDuration()))) continue;
    SignalProcess(process, SIGKILL);
    WaitForExit(process, absl::Seconds(2));
  }
}

}  // namespace

void StopProcesses(const std::vector<ClusterMember>& members, absl::Duration grace) {
  std::vector<ProcessId> workers, others;
  for (const ClusterMember& member : members) {
    (absl::StartsWith(member.name, "worker-") ? workers : others).push_back(member.process);
  }
  const absl::Duration now = Clock::Real()->Monotonic();
  StopTogether(workers, now + grace * 0.7);
  StopTogether(others, now + grace);
}

}  // namespace ropewalk
