#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/common/periodic_task.h"
#include "services/registry/upstream/pull_progress.h"
#include "services/registry/upstream/pulled_versions.h"
#include "services/registry/upstream/upstream_fetch.h"
#include "services/registry/upstream/upstream_hub.h"

namespace ropewalk {

// Brings a revision of upstream into a registry. Thread-safe, but one pull at a time of one
// repository.
class Puller {
 public:
  // Neither is owned; both outlive this. `most_bytes`: of a revision; larger ones are refused.
  Puller(UpstreamHub* hub, Registry* registry, const FetchPatience& patience, int64_t most_bytes)
      : hub_(hub),
        registry_(registry),
        patience_(patience),
        most_bytes_(most_bytes),
        versions_(registry, hub->url()) {}

  // Upstream's commit that `target` names, which has its mark from then on; so has the branch that
  // `target` names, unless something was committed to it here. All or nothing. What is here already
  // is not fetched. Errors as of UpstreamHub, UpstreamFetch and PulledVersions; NOT_FOUND only of
  // what upstream does not have; RESOURCE_EXHAUSTED, too, if the revision is too large.
  absl::StatusOr<std::string> Pull(const UpstreamTarget& target, const PeriodicTask::Pause& pause,
                                   PullProgress* progress);

 private:
  absl::Status Bring(const UpstreamTarget& target, const UpstreamRevision& revision,
                     const PeriodicTask::Pause& pause, PullProgress* progress);

  UpstreamHub* const hub_;
  Registry* const registry_;
  const FetchPatience patience_;
  const int64_t most_bytes_;
  PulledVersions versions_;
};

}  // namespace ropewalk
