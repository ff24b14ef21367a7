#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/client/cluster/cluster_file.h"
#include "services/client/cluster/cluster_plan.h"
#include "services/client/cluster/signal_waiter.h"
#include "services/common/backoff.h"
#include "services/common/clock.h"

namespace ropewalk {

// Runs the processes of a local cluster and starts again, with backoff, those that end. Keeps
// DIR/cluster.json up to date. For the main thread; it is the parent of all members.
class Supervisor {
 public:
  // log: takes a line for each thing worth telling.
  Supervisor(std::string state_folder, const std::vector<MemberPlan>& plans, const Clock* clock,
             std::function<void(const std::string&)> log);

  // Starts all members and waits until `probe` returns OK. On an error everything is stopped again
  // and the message ends with the last lines of the log at fault.
  // UNAVAILABLE: a member ended. DEADLINE_EXCEEDED: not ready in time. CANCELLED: asked to stop.
  absl::Status Start(const std::function<absl::Status()>& probe, absl::Duration timeout);

  // Supervises until SIGTERM, SIGINT or SIGHUP comes; then stops all members in order.
  void RunUntilAskedToStop();

 private:
  struct Member {
    MemberPlan plan;
    ProcessId process;
    Backoff backoff;
    absl::Duration started, restart_at;  // on the monotonic clock
    bool running = false;
  };

  absl::Status StartMember(Member* member);
  absl::Status WaitUntilReady(const std::function<absl::Status()>& probe, absl::Duration timeout);
  // Waits for a signal; true if it asks to stop. Marks the members that have ended.
  bool WaitAndReap(absl::Duration timeout);
  void NoteExit(Member* member);
  void RestartDueMembers();
  const Member* FirstEnded() const;
  absl::Status Save() const;
  void Stop();

  const std::string state_folder_;
  std::vector<Member> members_;
  const Clock* const clock_;
  const std::function<void(const std::string&)> log_;
  const SignalWaiter signals_;
};

// Stops processes in order: workers first, so that they can still hand over what they have, then
// the rest. SIGTERM, and SIGKILL for those that are still there after `grace`.
void StopProcesses(const std::vector<ClusterMember>& members, absl::Duration grace);

}  // namespace ropewalk
