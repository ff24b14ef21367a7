#include "services/common/probe_handler.h"

#include <optional>

#include "services/common/metrics.h"

namespace ropewalk {
namespace {

HttpResponse Metrics() {
  HttpResponse response = TextResponse(200, MetricsText());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

HttpResponse MethodNotAllowed() {
  HttpResponse response = TextResponse(405, "allowed are GET and HEAD\n");
  response.headers["Allow"] = "GET, HEAD";
  return response;
}

std::optional<HttpResponse> Probe(const std::string& path, bool ready) {
  if (path == "/livez") return TextResponse(200, "ok\n");
  if (path == "/readyz")
    return ready ? TextResponse(200, "ok\n") : TextResponse(503, "not ready\n");
  if (path == "/metrics") return Metrics();
  return std::nullopt;
}

}  // namespace

std::unique_ptr<HttpExchange> ProbeHandler::Begin(const HttpRequest& request) {
  std::optional<HttpResponse> probe = Probe(request.path, ready_);
  if (!probe.has_value()) {
    return next_ != nullptr ? next_->Begin(request)
                            : AnswerAtOnce(TextResponse(404, "not found\n"));
  }
  if (request.method != "GET" && request.method != "HEAD") return AnswerAtOnce(MethodNotAllowed());
  return AnswerAtOnce(*std::move(probe));
}

}  // namespace ropewalk
