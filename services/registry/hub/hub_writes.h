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
  using Method = absl::StatusOr<HttpResponse> (HubWrites::*)(const HubRoute&, const HttpRequest&,
                                                             const nlohmann::json& body);
  struct Entry;

  std::unique_ptr<HttpExchange> BeginCommit(const HubRoute& route, const HttpRequest& request);
  std::unique_ptr<HttpExchange> BeginLfsUpload(const HubRoute& route, const HttpRequest& request);
  absl::StatusOr<Commit> PrepareCommit(const HubRoute& route);

  absl::StatusOr<HttpResponse> CreateRepo(const HubRoute&, const HttpRequest&,
                                          const nlohmann::json& body);
  absl::StatusOr<HttpResponse> DeleteRepo(const HubRoute&, const HttpRequest&,
                                          const nlohmann::json& body);
  absl::StatusOr<HttpResponse> MoveRepo(const HubRoute&, const HttpRequest&,
                                        const nlohmann::json& body);
  absl::StatusOr<HttpResponse> AddTag(const HubRoute&, const HttpRequest&,
                                      const nlohmann::json& body);
  absl::StatusOr<HttpResponse> AddBranch(const HubRoute&, const HttpRequest&,
                                         const nlohmann::json& body);
  absl::StatusOr<HttpResponse> DeleteTag(const HubRoute&, const HttpRequest&,
                                         const nlohmann::json& body);
  absl::StatusOr<HttpResponse> ValidateYaml(const HubRoute&, const HttpRequest&,
                                            const nlohmann::json& body);
  absl::StatusOr<HttpResponse> Preupload(const HubRoute&, const HttpRequest&,
                                         const nlohmann::json& body);
  absl::StatusOr<HttpResponse> LfsBatch(const HubRoute&, const HttpRequest&,
                                        const nlohmann::json& body);
  absl::StatusOr<HttpResponse> LfsVerify(const HubRoute&, const HttpRequest&,
                                         const nlohmann::json& body);

  Registry* const registry_;
  const Clock* const clock_;
  HubCatalog catalog_;
  HubFiles files_;
  const LfsTickets tickets_;
};

}  // namespace ropewalk
