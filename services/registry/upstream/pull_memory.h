#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "services/registry/upstream/upstream_hub.h"

namespace ropewalk {

// What upstream has said lately, so that it is not asked each time. Thread-safe.
class PullMemory {
 public:
  // Upstream's commit, or why there is none.
  using Answer = absl::StatusOr<std::string>;

  // Commits are remembered for `fresh_for`, errors for ten seconds at most. The clock is not owned
  // and outlives this.
  PullMemory(const Clock* clock, absl::Duration fresh_for) : clock_(clock), fresh_for_(fresh_for) {}

  std::optional<Answer> Recall(const UpstreamTarget& target);
  void Remember(const UpstreamTarget& target, const Answer& answer);

 private:
  struct Known {
    Answer answer;
    absl::Duration until;
  };

  const Clock* const clock_;
  const absl::Duration fresh_for_;
  Mutex mutex_;
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
