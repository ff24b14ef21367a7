#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "services/common/http_handler.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/hub/hub_guard.h"
#include "services/registry/hub/hub_reads.h"
#include "services/registry/hub/hub_writes.h"
#include "services/registry/xet/xet_handler.h"

namespace ropewalk {

// Where what reads miss here may come from. Thread-safe.
class HubSource {
 public:
  virtual ~HubSource() = default;

  // Brings here what a read is about, whose caller may read what is public; it may wait for another
  // server, and set the route's revision to what it is called here; answers go on naming the commit
  // that was asked for. An answer is the read's.
  virtual std::optional<HttpResponse> Provide(HubRoute* route) = 0;
};

// The registry as a Hugging Face Hub, for clients with HF_ENDPOINT=http://host:7081. Thread-safe.
class HubHandler final : public HttpHandler {
 public:
  // None is owned; all outlive the handler. `xet`: takes large files from clients that send them no
  // other way; null: they are told to send such files within commits. `source`: asked for what is
  // not here before it is said to be missing; may be null.
  HubHandler(Registry* registry, AccessControl* access, const Clock* clock,
             XetHandler* xet = nullptr, HubSource* source = nullptr, LfsOptions lfs = {})
      : access_(access),
        xet_(xet),
        source_(source),
        catalog_(registry),
        guard_(registry, access),
        reads_(registry),
        writes_(registry, clock, /*has_xet=*/xet != nullptr, std::move(lfs)) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override;

 private:
  // `revision`: as the client calls it.
  std::unique_ptr<HttpExchange> Begin(const HubRequest& request, const std::string& revision);
  std::optional<HttpResponse> Provide(HubRequest* request);
  bool IsOwned(const std::string& name_space);

  AccessControl* const access_;
  XetHandler* const xet_;
  HubSource* const source_;
  HubCatalog catalog_;
  HubGuard guard_;
  HubReads reads_;
  HubWrites writes_;
};

}  // namespace ropewalk
