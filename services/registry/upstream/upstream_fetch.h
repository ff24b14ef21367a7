#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/periodic_task.h"
#include "services/registry/registry.h"
#include "services/registry/upstream/pull_progress.h"
#include "services/registry/upstream/upstream_hub.h"

namespace ropewalk {

// How often a file whose download breaks is asked for without a byte more of it having come.
struct FetchPatience {
  int attempts = 5;
  // Before the second attempt; they double.
  absl::Duration first_pause = absl::Seconds(1);
};

// Brings the files of one revision of upstream into a registry's blob store, one after another and
// piece by piece, going on where a download has broken. Each is compared with what upstream's list
// names it by: its SHA-256, or git's SHA-1 for files that are not in LFS. Not thread-safe.
class UpstreamFetch {
 public:
  // None is owned; all outlive this. `target` names the commit. `pause` waits, and says false when
  // the fetch is to end.
  UpstreamFetch(UpstreamHub* hub, Registry* registry, UpstreamTarget target,
                const FetchPatience& patience, PeriodicTask::Pause pause, PullProgress* progress);

  // Digests by git's names: files that need not be fetched again if their blobs are here.
  using Known = std::map<std::string, std::string>;

  // The files as a version names them; their blobs are kept for an hour from now on.
  // DATA_LOSS: a file does not have its digest. UNAVAILABLE, DEADLINE_EXCEEDED: downloads break all
  // the time. PERMISSION_DENIED: see UpstreamHub. RESOURCE_EXHAUSTED: the disk is full. ABORTED: it
  // was told to end; what came of the file at hand is kept.
  absl::StatusOr<std::vector<v1::File>> Fetch(const std::vector<UpstreamFile>& files,
                                              const Known& known);

 private:
  absl::StatusOr<bool> IsHere(const std::string& digest);
  absl::StatusOr<std::string> FetchFile(const UpstreamFile& file);
  absl::Status Retry(const std::function<absl::Status()>& attempt);
  absl::Status TryLarge(const UpstreamFile& file);
  absl::StatusOr<std::string> TrySmall(const UpstreamFile& file);
  absl::Status Download(const UpstreamFile& file, int64_t offset, UpstreamHub::Sink sink);
  absl::Status KeepBlobs();

  UpstreamHub* const hub_;
  Registry* const registry_;
  const UpstreamTarget target_;
  const FetchPatience patience_;
  const PeriodicTask::Pause pause_;
  PullProgress* const progress_;

  int64_t received_bytes_ = 0;
  int64_t done_bytes_ = 0;  // Of files that are whole.
  std::vector<std::string> digests_;
  absl::Duration kept_at_;
};

}  // namespace ropewalk
