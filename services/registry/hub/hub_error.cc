#include "services/registry/hub/hub_error.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr char kErrorCode[] = "X-Error-Code";
constexpr char kRepoCommit[] = "X-Repo-Commit";
constexpr size_t kMaxHeaderBytes = 1024;

absl::Status NotFound(absl::string_view code, const std::string& message) {
  absl::Status status = absl::NotFoundError(message);
  status.SetPayload(kErrorCode, absl::Cord(code));
  return status;
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kUnimplemented:
      return 405;
    case absl::StatusCode::kAlreadyExists:
      return 409;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return 412;
    case absl::StatusCode::kResourceExhausted:
      return 507;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

void CopyPayload(const absl::Status& status, const char* name, HttpResponse* response) {
  const auto payload = status.GetPayload(name);
  if (payload.has_value()) response->headers[name] = std::string(*payload);
}

}  // namespace

absl::Status RepoNotFound(absl::string_view id) {
  return NotFound("RepoNotFound", absl::StrCat("there is no repository ", id));
}

absl::Status AsRepoNotFound(absl::Status status) {
  status.SetPayload(kErrorCode, absl::Cord("RepoNotFound"));
  return status;
}

absl::Status RevisionNotFound(absl::string_view id, absl::string_view revision) {
  return NotFound("RevisionNotFound", absl::StrCat(id, " has no revision ", revision));
}

absl::Status EntryNotFound(absl::string_view path, absl::string_view commit) {
  absl::Status status =
      NotFound("EntryNotFound", absl::StrCat("there is no ", path, " in commit ", commit));
  status.SetPayload(kRepoCommit, absl::Cord(commit));
  return status;
}

HttpResponse HubErrorResponse(const absl::Status& status) {
  HttpResponse response;
  response.status = HttpStatusOf(status.code());
  response.content_type = "application/json; charset=utf-8";
  const std::string message(status.message());
  // A header must not hold what came in a name: line feeds would begin another header.
  response.headers["X-Error-Message"] = absl::CHexEscape(message.substr(0, kMaxHeaderBytes));
  CopyPayload(status, kErrorCode, &response);
  CopyPayload(status, kRepoCommit, &response);
  response.body = nlohmann::json{{"error", message}}.dump(-1, ' ', false,
                                                          nlohmann::json::error_handler_t::replace);
  return response;
}

HttpResponse ToHubResponse(absl::StatusOr<HttpResponse> answer) {
  return answer.ok() ? *std::move(answer) : HubErrorResponse(answer.status());
}

}  // namespace ropewalk
