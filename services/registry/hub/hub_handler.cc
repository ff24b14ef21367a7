#include "services/registry/hub/hub_handler.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/json_response.h"
#include "services/registry/json_text.h"

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

// Clients keep what they download by the commit that the answer names, and look for it by the one
// that they have asked for.
void NameCommit(const std::string& commit, HttpResponse* response) {
  const auto header = response->headers.find("X-Repo-Commit");
  if (header != response->headers.end()) header->second = commit;
  const auto* const body = std::get_if<std::string>(&response->body);
  if (body == nullptr) return;
  nlohmann::json info = ParseJson(*body);
  if (!info.is_object() || !info.contains("sha")) return;
  info["sha"] = commit;
  response->body = JsonResponse(info).body;
}

// Whether it reads a repository that need not have been made here.
bool ReadsOne(const HubRequest& request) {
  const std::string& method = request.http.method;
  switch (request.route.call) {
    case HubCall::kPathsInfo:
      return method == "POST";
    case HubCall::kInfo:
    case HubCall::kTree:
    case HubCall::kRefs:
    case HubCall::kCommits:
    case HubCall::kResolve:
      return method == "GET" || method == "HEAD";
    default:
      return false;
  }
}

}  // namespace

// Whether a token stands for this namespace. Then nothing comes into it but from its owners.
bool HubHandler::IsOwned(const std::string& name_space) {
  const auto tokens = access_->ListTokens();
  if (!tokens.ok()) return true;
  return std::any_of(tokens->begin(), tokens->end(), [&](const v1::AccessToken& token) {
    const auto& names = token.namespaces();
    return std::find(names.begin(), names.end(), name_space) != names.end();
  });
}

// Before the guard looks, which says of what is not here that it is not found.
std::optional<HttpResponse> HubHandler::Provide(HubRequest* request) {
  if (source_ == nullptr || !ReadsOne(*request)) return std::nullopt;
  if (!request->caller.CheckMayRead().ok()) return std::nullopt;
  const HubRoute& route = request->route;
  const bool is_here = !absl::IsNotFound(catalog_.FindRepository(route.type, route.id).status());
  if (is_here && !guard_.Check(*request).ok()) return std::nullopt;
  if (!is_here && IsOwned(AuthorOf(route.id))) return std::nullopt;
  return source_->Provide(&request->route);
}

std::unique_ptr<HttpExchange> HubHandler::Begin(const HttpRequest& request) {
  if (xet_ != nullptr && XetHandler::Takes(request.path)) return xet_->Begin(request);
  const std::optional<HubRoute> route = ParseHubRoute(request.path);
  if (!route.has_value()) {
    return AnswerAtOnce(HubErrorResponse(absl::NotFoundError("there is nothing at this address")));
  }
  absl::StatusOr<Caller> caller = access_->Authenticate(request.header("authorization"));
  if (!caller.ok()) return AnswerAtOnce(HubErrorResponse(caller.status()));
  HubRequest asked{*route, request, *std::move(caller)};
  const std::string revision = route->revision;
  if (auto answer = Provide(&asked)) return AnswerAtOnce(*std::move(answer));
  if (const absl::Status may = guard_.Check(asked); !may.ok()) {
    return AnswerAtOnce(HubErrorResponse(may));
  }
  return Begin(asked, revision);
}

std::unique_ptr<HttpExchange> HubHandler::Begin(const HubRequest& request,
                                                const std::string& revision) {
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
  HttpResponse response = ToHubResponse(reads_.Answer(request));
  if (revision != request.route.revision && IsGitOid(revision)) NameCommit(revision, &response);
  return AnswerAtOnce(std::move(response));
}

}  // namespace ropewalk
