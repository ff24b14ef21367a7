#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/clock.h"
#include "services/common/http_handler.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/hub/hub_files.h"
#include "services/registry/hub/hub_route.h"
#include "services/registry/hub/lfs_ticket.h"

namespace ropewalk {

// The Hub's calls that change something. Thread-safe.
class HubWrites {
 public:
  // Neither is owned; both outlive this.
  HubWrites(Registry* registry, const Clock* clock)
      : registry_(registry), clock_(clock), catalog_(registry), files_(registry) {}

  // Null: the call is none of these, or has another method.
  std::unique_ptr<HttpExchange> Begin(const HubRoute& route, const HttpRequest& request);

 private:
  // The form of all calls with a small body.
  using Answer = absl::StatusOr<HttpResponse>(const HubRoute& route, const HttpRequest& request,
                                              const nlohmann::json& body);
  struct Entry;

  std::unique_ptr<HttpExchange> BeginCommit(const HubRoute& route, const HttpRequest& request);
  std::unique_ptr<HttpExchange> BeginLfsUpload(const HubRoute& route, const HttpRequest& request);
  absl::StatusOr<Commit> PrepareCommit(const HubRoute& route);

  Answer CreateRepo, DeleteRepo, MoveRepo;
  Answer AddTag, AddBranch, DeleteTag;
  Answer ValidateYaml, Preupload;
  Answer LfsBatch, LfsVerify;

  Registry* const registry_;
  const Clock* const clock_;
  HubCatalog catalog_;
  HubFiles files_;
  const LfsTickets tickets_;
};

}  // namespace ropewalk
