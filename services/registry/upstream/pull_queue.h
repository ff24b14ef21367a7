#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "services/common/periodic_task.h"
#include "services/registry/upstream/pull_progress.h"
#include "services/registry/upstream/upstream_hub.h"

namespace ropewalk {

struct PullLimits {
  // Pulls at a time; what comes beyond is to be asked for again.
  int pulls = 8;
  // Callers that wait at a time, for each keeps a thread of its server.
  int waiting = 8;
};

// Pulls on threads of its own, for callers that wait for a while: one at a time of each repository,
// and whoever asks for what is being pulled waits for that. A pull goes on when nobody waits.
// Thread-safe.
class PullQueue {
 public:
  // See Puller::Pull.
  using Outcome = absl::StatusOr<std::string>;
  using Work = std::function<Outcome(const UpstreamTarget& target, const PeriodicTask::Pause& pause,
                                     PullProgress* progress)>;

  PullQueue(const PullLimits& limits, Work work);
  // Stops.
  ~PullQueue();
  PullQueue(const PullQueue&) = delete;
  PullQueue& operator=(const PullQueue&) = delete;

  // What becomes of the pull, which is begun if need be.
  // ABORTED: it goes on still, the message says how far it is; or there are too many, or it is the
  // end. `only_begin`: nobody waits for what others have begun.
  Outcome Await(const UpstreamTarget& target, absl::Duration patience, bool only_begin);

  // Lets nobody wait any more, and ends what goes on; the first call waits for that.
  void Stop();

 private:
  struct Pull {
    UpstreamTarget target;
    PullProgress progress;
    bool done = false;
    Outcome outcome = std::string();
  };

  Outcome Wait(const UpstreamTarget& target, absl::Duration deadline, bool only_begin)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<Pull> Begin(const UpstreamTarget& target) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();
  std::shared_ptr<Pull> Take();
  void Finish(const std::shared_ptr<Pull>& pull, Outcome outcome);
  bool Pause(absl::Duration duration);

  const PullLimits limits_;
  const Work work_;
  Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  // By repository: those that wait for a thread, and those that have one.
  std::map<std::string, std::shared_ptr<Pull>> pulls_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Pull>> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace ropewalk
