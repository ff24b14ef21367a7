#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/client/coordinator_client.h"
#include "services/common/clock.h"

namespace ropewalk {

// Shows a job to somebody while it runs.
class JobView {
 public:
  virtual ~JobView() = default;

  // The job as it is now, and the events since the last call.
  virtual void Update(const v1::WatchJobResponse& news) = 0;

  // The coordinator went away; the job goes on, and so does the watching once it is back.
  virtual void LostCoordinator() {}

  // No more updates.
  virtual void Close() {}
};

struct FollowOptions {
  // Ends the watching, not the job; asked a few times a second.
  std::function<bool()> interrupted = [] { return false; };
  // At most this long.
  absl::Duration timeout = absl::InfiniteDuration();
  // At most this long without the coordinator.
  absl::Duration patience = absl::Minutes(2);
};

enum class FollowEnd {
  kJobEnded,
  kInterrupted,
  kTimedOut,
};

struct Followed {
  FollowEnd end;
  v1::Job job;  // as last seen
};

// Watches a job to its end, and watches again when the coordinator was away.
// open: starts a stream behind an event.
// NOT_FOUND and other errors of the stream but UNAVAILABLE, which is returned when patience is
// over.
absl::StatusOr<Followed> FollowJob(
    const std::function<std::unique_ptr<JobStream>(int64_t after_sequence)>& open,
    const FollowOptions& options, const Clock* clock, JobView* view);

}  // namespace ropewalk
