#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/common/clock.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/hub/hub_files.h"
#include "services/registry/hub/hub_request.h"
#include "services/registry/hub/lfs_uploads.h"

namespace ropewalk {

// The Hub's calls that change something. Thread-safe.
class HubWrites {
 public:
  // Neither is owned; both outlive this. has_xet: clients may send large files by Xet.
  HubWrites(Registry* registry, const Clock* clock, bool has_xet, LfsOptions lfs)
      : registry_(registry),
        has_xet_(has_xet),
        catalog_(registry),
        files_(registry),
        lfs_(registry, clock, std::move(lfs)) {}

  // Null: the call is none of these, or has another method.
  std::unique_ptr<HttpExchange> Begin(const HubRequest& request);

 private:
  // The form of all calls with a small body.
  using Answer = absl::StatusOr<HttpResponse>(const HubRequest& asked, const nlohmann::json& body);
  struct Entry;

  std::unique_ptr<HttpExchange> BeginCommit(const HubRequest& asked);
  absl::Status Show(const std::string& repository, v1::Visibility visibility);
  absl::StatusOr<Commit> PrepareCommit(const HubRequest& asked);

  Answer CreateRepo, DeleteRepo, MoveRepo, ChangeSettings;
  Answer AddTag, AddBranch, DeleteTag;
  Answer ValidateYaml, Preupload;
  Answer LfsBatch, LfsVerify;

  Registry* const registry_;
  const bool has_xet_;
  HubCatalog catalog_;
  HubFiles files_;
  const LfsUploads lfs_;
};

}  // namespace ropewalk
