#pragma once

#include <atomic>
#include <memory>

#include "services/common/http_handler.h"

namespace ropewalk {

// Answers GET and HEAD of /livez (200 while the process runs), /readyz (200 or 503) and /metrics;
// hands everything else to `next`, or says 404 if there is none. Thread-safe.
class ProbeHandler final : public HttpHandler {
 public:
  explicit ProbeHandler(HttpHandler* next) : next_(next) {}

  void SetReady(bool ready) { ready_ = ready; }

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override;

 private:
  HttpHandler* const next_;
  std::atomic<bool> ready_ = false;
};

}  // namespace ropewalk
