#include "services/registry/hub/hub_handler.h"

#include <utility>

#include "absl/status/status.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/json_response.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxFormBytes = 1 << 20;

// As the Hub calls roles, which has "admin" for none.
std::string RoleText(const Caller& caller) {
  return caller.role() == v1::TOKEN_ROLE_READ ? "read" : "write";
}

HttpResponse WhoAmI(const Caller& caller) {
  if (caller.role() == v1::TOKEN_ROLE_UNSPECIFIED) {
    return HubErrorResponse(absl::UnauthenticatedError("without an access token, one is nobody"));
  }
  const std::string& user = caller.user();
  return JsonResponse(
      {{"type", "user"},
       {"name", user},
       {"fullname", user},
       {"orgs", nlohmann::json::array()},
       {"auth", {{"accessToken", {{"displayName", user}, {"role", RoleText(caller)}}}}}});
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
  if (xet_ != nullptr && XetHandler::Takes(request.path)) return xet_->Begin(request);
  const std::optional<HubRoute> route = ParseHubRoute(request.path);
  if (!route.has_value()) {
    return AnswerAtOnce(HubErrorResponse(absl::NotFoundError("there is nothing at this address")));
  }
  absl::StatusOr<Caller> caller = access_->Authenticate(request.header("authorization"));
  if (!caller.ok()) return AnswerAtOnce(HubErrorResponse(caller.status()));
  const HubRequest asked{*route, request, *std::move(caller)};
  if (const absl::Status may = guard_.Check(asked); !may.ok()) {
    return AnswerAtOnce(HubErrorResponse(may));
  }
  return Begin(asked);
}

std::unique_ptr<HttpExchange> HubHandler::Begin(const HubRequest& request) {
  if (auto exchange = writes_.Begin(request)) return exchange;
  const HubCall call = request.route.call;
  if (call == HubCall::kPathsInfo && request.http.method == "POST") {
    return AnswerToBody(kMaxFormBytes, [this, request](const std::string& body) {
      return ToHubResponse(reads_.PathsInfo(request, body));
    });
  }
  if (request.http.method != "GET" && request.http.method != "HEAD") {
    return AnswerAtOnce(WrongMethod());
  }
  if (call == HubCall::kWhoAmI) return AnswerAtOnce(WhoAmI(request.caller));
  if (call == HubCall::kXetToken) {
    return AnswerAtOnce(xet_ == nullptr ? NoXet() : xet_->WriteToken(OriginOf(request.http)));
  }
  return AnswerAtOnce(ToHubResponse(reads_.Answer(request)));
}

}  // namespace ropewalk
