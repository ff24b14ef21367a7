#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/common/url.h"
#include "services/registry/hub/card_cache.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/hub/hub_files.h"
#include "services/registry/hub/hub_request.h"

namespace ropewalk {

// The Hub's calls that change nothing: what clients list, look up and download.
// Thread-safe.
class HubReads {
 public:
  // `registry` is not owned and outlives this.
  explicit HubReads(Registry* registry)
      : registry_(registry), catalog_(registry), files_(registry), cards_(registry) {}

  // The answer to GET or HEAD. UNIMPLEMENTED: the call has neither.
  absl::StatusOr<HttpResponse> Answer(const HubRequest& request);

  // kPathsInfo: `body` is a form, paths=a&paths=b, or JSON, {"paths": ["a", "b"]}.
  absl::StatusOr<HttpResponse> PathsInfo(const HubRequest& request, const std::string& body);

 private:
  absl::StatusOr<HttpResponse> List(const HubRequest& request);
  absl::StatusOr<HttpResponse> Info(const HubRoute& route, const HttpRequest& request);
  absl::StatusOr<HttpResponse> Tree(const HubRoute& route, const HttpRequest& request);
  absl::StatusOr<HttpResponse> Refs(const HubRoute& route);
  absl::StatusOr<HttpResponse> Commits(const HubRoute& route, const HttpRequest& request);
  absl::StatusOr<HttpResponse> Resolve(const HubRoute& route, const HttpRequest& request);

  // Without its files, which are "siblings".
  absl::StatusOr<nlohmann::json> InfoOf(const HubRevision& revision);
  absl::Status AddFiles(const v1::Version& version, bool blobs, nlohmann::json* info);

  Registry* const registry_;
  HubCatalog catalog_;
  HubFiles files_;
  CardCache cards_;
};

}  // namespace ropewalk
