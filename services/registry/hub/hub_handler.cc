#include "services/registry/hub/hub_handler.h"

#include <utility>

#include "absl/status/status.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/json_response.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxFormBytes = 1 << 20;

// Who asks is not known here yet, so everyone is the same.
HttpResponse WhoAmI() {
  return JsonResponse({{"type", "user"},
                       {"name", "anonymous"},
                       {"fullname", "anonymous"},
                       {"orgs", nlohmann::json::array()},
                       {"auth", {{"accessToken", {{"displayName", "none"}, {"role", "write"}}}}}});
}

HttpResponse WrongMethod() {
  HttpResponse response =
      HubErrorResponse(absl::InvalidArgumentError("this address has no such method"));
  response.status = 405;
  return response;
}

// Clients take this way for large files only, and show the message.
HttpResponse NoXet() {
  return HubErrorResponse(
      absl::NotFoundError("this registry does not speak Xet; set HF_HUB_DISABLE_XET=1 to upload "
                          "files of more than 2 GiB, "
                          "or use `ropewalk adapters push DIR models/NAMESPACE/NAME`"));
}

}  // namespace

std::unique_ptr<HttpExchange> HubHandler::Begin(const HttpRequest& request) {
  const std::optional<HubRoute> route = ParseHubRoute(request.path);
  if (!route.has_value()) {
    return AnswerAtOnce(HubErrorResponse(absl::NotFoundError("there is nothing at this address")));
  }
  if (auto exchange = writes_.Begin(*route, request)) return exchange;
  if (route->call == HubCall::kPathsInfo && request.method == "POST") {
    return AnswerToBody(kMaxFormBytes, [this, route = *route, request](const std::string& body) {
      return ToHubResponse(reads_.PathsInfo(route, request, body));
    });
  }
  if (request.method != "GET" && request.method != "HEAD") return AnswerAtOnce(WrongMethod());
  if (route->call == HubCall::kWhoAmI) return AnswerAtOnce(WhoAmI());
  if (route->call == HubCall::kXetToken) return AnswerAtOnce(NoXet());
  return AnswerAtOnce(ToHubResponse(reads_.Answer(*route, request)));
}

}  // namespace ropewalk
