#pragma once

#include <memory>

#include "services/common/http_handler.h"
#include "services/registry/hub/hub_reads.h"
#include "services/registry/hub/hub_writes.h"

namespace ropewalk {

// The registry as a Hugging Face Hub, for clients with HF_ENDPOINT=http://host:7081. Thread-safe.
class HubHandler final : public HttpHandler {
 public:
  // Neither is owned; both outlive the handler.
  HubHandler(Registry* registry, const Clock* clock) : reads_(registry), writes_(registry, clock) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override;

 private:
  HubReads reads_;
  HubWrites writes_;
};

}  // namespace ropewalk
