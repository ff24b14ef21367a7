#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/registry/hub/hub_handler.h"
#include "services/registry/upstream/pull_memory.h"
#include "services/registry/upstream/pull_queue.h"
#include "services/registry/upstream/puller.h"
#include "services/registry/upstream/upstream_hub.h"

namespace ropewalk {

struct PullThroughOptions {
  UpstreamOptions upstream;
  // How long a branch that was pulled is taken for upstream's newest.
  absl::Duration fresh_for = absl::Minutes(5);
  // Of a revision; more are not pulled. 0: no bound.
  int64_t most_bytes = 0;
  // How long a download waits for a pull: clients of the Hub give its HEAD ten seconds.
  absl::Duration download_patience = absl::Seconds(8);
  // How long other calls wait, for whose answers clients have no bound.
  absl::Duration patience = absl::Seconds(50);
  FetchPatience fetch;
  PullLimits limits;
};

// Makes a registry a cache of another Hub: pulls what reads miss, models and datasets alike.
//
// - A repository that is not here is pulled from upstream, whole, before the read is answered. Then
//   it is public, and one like all others.
// - A revision that is not here of a repository that was pulled comes the same way. It is found by
//   upstream's commit, too, and then answers name that; otherwise they name this registry's.
// - `main`, and each other branch that came from upstream, is compared with upstream's now and then
//   until something is committed to it here. While that fails, what is here serves.
// - Repositories that were made here are left alone.
class PullThrough final : public HubSource {
 public:
  // Neither is owned; both outlive this. INVALID_ARGUMENT: the options.
  static absl::StatusOr<std::unique_ptr<PullThrough>> Start(const PullThroughOptions& options,
                                                            Registry* registry, const Clock* clock);

  // Waits for at most `patience`. What could not be pulled is answered, if nothing is here, with
  // 502 (upstream cannot be reached, or is not to be trusted), 504 (it does not answer in time),
  // 403 (it wants a token), 507 (there is no room) or 503 and Retry-After (it goes on, or is to be
  // asked for again).
  std::optional<HttpResponse> Provide(HubRoute* route) override;

  // Call before the server is shut down: nobody waits any more, and pulls end.
  void Stop() { queue_.Stop(); }

 private:
  enum class Here {
    kAll,      // Or nothing that upstream is asked for.
    kPerhaps,  // A branch that upstream may have moved.
    kNothing,
  };

  PullThrough(const PullThroughOptions& options, Registry* registry, const Clock* clock);

  Here Look(HubRoute* route);
  absl::StatusOr<std::string> Pull(const UpstreamTarget& target, const PeriodicTask::Pause& pause,
                                   PullProgress* progress);

  const PullThroughOptions options_;
  UpstreamHub hub_;
  HubCatalog catalog_;
  Puller puller_;
  PullMemory memory_;
  PullQueue queue_;  // Last: its threads use the others.
};

}  // namespace ropewalk
