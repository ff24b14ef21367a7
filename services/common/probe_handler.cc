#include "services/common/probe_handler.h"

#include <optional>

#include "services/common/metrics.h"

namespace ropewalk {
namespace {

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse Metrics() {
  HttpResponse response = Text(200, MetricsText());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

HttpResponse MethodNotAllowed() {
  HttpResponse response = Text(405, "allowed are GET and HEAD\n");
  response.headers["Allow"] = "GET, HEAD";
  return response;
}

std::optional<HttpResponse> Probe(const std::string& path, bool ready) {
  if (path == "/livez") return Text(200, "ok\n");
  if (path == "/readyz") return ready ? Text(200, "ok\n") : Text(503, "not ready\n");
  if (path == "/metrics") return Metrics();
  return std::nullopt;
}

}  // namespace

HttpResponse ProbeHandler::Handle(const HttpRequest& request) {
  std::optional<HttpResponse> probe = Probe(request.path, ready_);
  if (!probe.has_value())
    return next_ != nullptr ? next_->Handle(request) : Text(404, "not found\n");
  if (request.method != "GET" && request.method != "HEAD") return MethodNotAllowed();
  return *std::move(probe);
}

}  // namespace ropewalk
