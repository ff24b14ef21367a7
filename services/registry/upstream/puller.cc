#include "services/registry/upstream/puller.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_error.h"

namespace ropewalk {

absl::StatusOr<std::string> Puller::Pull(const UpstreamTarget& target,
                                         const PeriodicTask::Pause& pause, PullProgress* progress) {
  ASSIGN_OR_RETURN(const UpstreamRevision revision, hub_->Resolve(target));
  // A repository that nothing was committed to.
  if (revision.files.empty()) return RevisionNotFound(target.id, target.revision);
  progress->total_bytes = revision.total_bytes();
  const absl::Status status = Bring(target, revision, pause, progress);
  // Upstream has it; what is not found is something here, which somebody has just deleted.
  if (absl::IsNotFound(status)) {
    return absl::AbortedError(absl::StrCat(status.message(), "; ask again"));
  }
  RETURN_IF_ERROR(status);
  return revision.commit;
}

absl::Status Puller::Bring(const UpstreamTarget& target, const UpstreamRevision& revision,
                           const PeriodicTask::Pause& pause, PullProgress* progress) {
  ASSIGN_OR_RETURN(const std::optional<v1::Version> there, versions_.Find(target, revision.commit));
  if (there.has_value()) return versions_.PointBranch(target, *there);
  if (revision.total_bytes() > most_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        target.ToString(), " has ", revision.total_bytes(), " bytes upstream; at most ",
        most_bytes_, " are pulled: raise --upstream-max-gib"));
  }
  UpstreamTarget at = target;
  at.revision = revision.commit;
  ASSIGN_OR_RETURN(const UpstreamFetch::Known known, versions_.KnownFiles(target));
  UpstreamFetch fetch(hub_, registry_, at, patience_, pause, progress);
  ASSIGN_OR_RETURN(const std::vector<v1::File> files, fetch.Fetch(revision.files, known));
  ASSIGN_OR_RETURN(const v1::Version version, versions_.Add(target, revision.commit, files));
  return versions_.PointBranch(target, version);
}

}  // namespace ropewalk
