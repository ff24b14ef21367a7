#pragma once

#include <memory>

#include "services/common/http_handler.h"
#include "services/registry/hub/hub_guard.h"
#include "services/registry/hub/hub_reads.h"
#include "services/registry/hub/hub_writes.h"
#include "services/registry/xet/xet_handler.h"

namespace ropewalk {

// The registry as a Hugging Face Hub, for clients with HF_ENDPOINT=http://host:7081. Thread-safe.
class HubHandler final : public HttpHandler {
 public:
  // None is owned; all outlive the handler. `xet`: takes large files from clients that send them no
  // other way; null: they are told to send such files within commits.
  HubHandler(Registry* registry, AccessControl* access, const Clock* clock,
             XetHandler* xet = nullptr)
      : access_(access),
        xet_(xet),
        guard_(registry, access),
        reads_(registry),
        writes_(registry, clock, /*has_xet=*/xet != nullptr) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override;

 private:
  std::unique_ptr<HttpExchange> Begin(const HubRequest& request);

  AccessControl* const access_;
  XetHandler* const xet_;
  HubGuard guard_;
  HubReads reads_;
  HubWrites writes_;
};

}  // namespace ropewalk
