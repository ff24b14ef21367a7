#pragma once

#include "absl/status/status.h"
#include "services/registry/access/access_control.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/hub/hub_request.h"

namespace ropewalk {

// Says of a request to the Hub's side whether its caller may make it. Thread-safe.
class HubGuard {
 public:
  // Neither is owned; both outlive this.
  HubGuard(Registry* registry, AccessControl* access) : catalog_(registry), access_(access) {}

  // As far as the address says what it is about; calls on /api/repos look at their bodies.
  // NOT_FOUND: RepoNotFound, of what the caller may not see. UNAUTHENTICATED, PERMISSION_DENIED.
  absl::Status Check(const HubRequest& request);

 private:
  absl::Status CheckMayRead(const HubRequest& request);

  HubCatalog catalog_;
  AccessControl* const access_;
};

}  // namespace ropewalk
