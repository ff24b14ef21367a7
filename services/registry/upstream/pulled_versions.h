#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/registry.h"
#include "services/registry/upstream/upstream_fetch.h"
#include "services/registry/upstream/upstream_hub.h"

namespace ropewalk {

// What was pulled, as versions of a registry. Thread-safe; nothing that was made here, by a client
// or a job, is ever changed, also if it is made while this looks elsewhere.
class PulledVersions {
 public:
  // `registry` is not owned and outlives this. `origin`: upstream's URL, which versions name.
  PulledVersions(Registry* registry, std::string origin)
      : registry_(registry), origin_(std::move(origin)), catalog_(registry) {}

  // The version that stands for a commit of upstream's; nothing if it was not pulled yet.
  absl::StatusOr<std::optional<v1::Version>> Find(const UpstreamTarget& target,
                                                  const std::string& commit);

  // Makes a version of the files, whose blobs are there, and marks it. A repository that was not
  // there is public from then on, and an adapter if it has an adapter_config.json.
  // ABORTED: somebody else has made the repository meanwhile. INVALID_ARGUMENT: the registry does
  // not keep this: a version without files, or an adapter that PEFT could not load.
  absl::StatusOr<v1::Version> Add(const UpstreamTarget& target, const std::string& commit,
                                  const std::vector<v1::File>& files);

  // Points the branch that `target` names to the version, making it if need be; unless it has gone
  // another way here, or `target` names no branch. ABORTED: it moved meanwhile.
  absl::Status PointBranch(const UpstreamTarget& target, const v1::Version& version);

  // Files of a version that is here, for the next one.
  absl::StatusOr<UpstreamFetch::Known> KnownFiles(const UpstreamTarget& target);

 private:
  absl::StatusOr<v1::Version> AddFirst(const UpstreamTarget& target, const std::string& commit,
                                       const std::vector<v1::File>& files);
  absl::StatusOr<v1::Version> AddNext(const v1::Repository& repository, const std::string& commit,
                                      const std::vector<v1::File>& files);
  absl::StatusOr<v1::Version> Get(const std::string& name);
  // A commit that says where it comes from.
  Commit Described(const std::string& upstream_commit) const;

  Registry* const registry_;
  const std::string origin_;
  HubCatalog catalog_;
};

}  // namespace ropewalk
