#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_body.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/hub_writes.h"
#include "services/registry/hub/json_response.h"

// HubWrites: repositories, tags and branches.

namespace ropewalk {
namespace {

// "models" for what a body calls "model", or does not call anything.
absl::StatusOr<std::string> TypeOf(const nlohmann::json& body) {
  const std::string type = OptionalText(body, "type");
  if (type.empty() || type == "model") return "models";
  if (type == "dataset") return "datasets";
  return absl::InvalidArgumentError(
      absl::StrCat("type '", type, "' is not kept here; give model or dataset"));
}

// Of what the body names; in the caller's own namespace if it names none.
absl::StatusOr<std::string> IdOf(const nlohmann::json& body, const Caller& caller) {
  ASSIGN_OR_RETURN(const std::string name, RequiredText(body, "name"));
  if (absl::StrContains(name, "/")) return name;
  const std::string organization = OptionalText(body, "organization");
  return absl::StrCat(organization.empty() ? caller.user() : organization, "/", name);
}

// What a body says of `private` or `visibility`; unspecified if nothing.
absl::StatusOr<v1::Visibility> VisibilityOf(const nlohmann::json& body) {
  const std::string visibility = OptionalText(body, "visibility");
  if (visibility == "public") return v1::VISIBILITY_PUBLIC;
  if (visibility == "private") return v1::VISIBILITY_PRIVATE;
  if (!visibility.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("visibility '", visibility, "' is not kept here; give private or public"));
  }
  const auto hidden = body.find("private");
  if (hidden == body.end() || !hidden->is_boolean()) return v1::VISIBILITY_UNSPECIFIED;
  return hidden->get<bool>() ? v1::VISIBILITY_PRIVATE : v1::VISIBILITY_PUBLIC;
}

std::string UrlOf(const HttpRequest& request, const std::string& type, const std::string& id) {
  return absl::StrCat(OriginOf(request), "/", type == "models" ? "" : "datasets/", id);
}

// With what clients read of a repository that was there, too.
HttpResponse RepoResponse(int status, const std::string& url, const std::string& id,
                          const std::string& error) {
  nlohmann::json body{{"url", url}, {"name", id}, {"id", id}};
  if (!error.empty()) body["error"] = error;
  HttpResponse response = JsonResponse(body);
  response.status = status;
  return response;
}

HttpResponse Nothing() { return JsonResponse(nlohmann::json::object()); }

}  // namespace

absl::StatusOr<HttpResponse> HubWrites::CreateRepo(const HubRequest& asked,
                                                   const nlohmann::json& body) {
  ASSIGN_OR_RETURN(const std::string type, TypeOf(body));
  ASSIGN_OR_RETURN(const std::string id, IdOf(body, asked.caller));
  ASSIGN_OR_RETURN(const v1::Visibility visibility, VisibilityOf(body));
  RETURN_IF_ERROR(asked.caller.CheckMayWrite(AuthorOf(id)));
  const std::string url = UrlOf(asked.http, type, id);
  if (catalog_.FindRepository(type, id).ok()) {
    return RepoResponse(409, url, id, absl::StrCat("there is a repository ", id, " already"));
  }
  const std::string name = absl::StrCat(type, "/", id);
  RETURN_IF_ERROR(registry_->CreateRepository(name));
  if (visibility == v1::VISIBILITY_PUBLIC) RETURN_IF_ERROR(Show(name, visibility));
  return RepoResponse(200, url, id, "");
}

absl::StatusOr<HttpResponse> HubWrites::DeleteRepo(const HubRequest& asked,
                                                   const nlohmann::json& body) {
  ASSIGN_OR_RETURN(const std::string type, TypeOf(body));
  ASSIGN_OR_RETURN(const std::string id, IdOf(body, asked.caller));
  RETURN_IF_ERROR(asked.caller.CheckMayWrite(AuthorOf(id)));
  ASSIGN_OR_RETURN(const v1::Repository repository, catalog_.FindRepository(type, id));
  RETURN_IF_ERROR(registry_->DeleteRepository(repository.name()));
  return Nothing();
}

absl::StatusOr<HttpResponse> HubWrites::MoveRepo(const HubRequest& asked,
                                                 const nlohmann::json& body) {
  ASSIGN_OR_RETURN(const std::string type, TypeOf(body));
  ASSIGN_OR_RETURN(const std::string from, RequiredText(body, "fromRepo"));
  ASSIGN_OR_RETURN(const std::string to, RequiredText(body, "toRepo"));
  for (const std::string& id : {from, to}) {
    RETURN_IF_ERROR(asked.caller.CheckMayWrite(AuthorOf(id)));
  }
  ASSIGN_OR_RETURN(const v1::Repository repository, catalog_.FindRepository(type, from));
  if (catalog_.FindRepository(type, to).ok()) {
    return absl::AlreadyExistsError(absl::StrCat("there is a repository ", to, " already"));
  }
  const std::string& name = repository.name();
  RETURN_IF_ERROR(
      registry_->MoveRepository(name, absl::StrCat(name.substr(0, name.find('/')), "/", to)));
  return Nothing();
}

absl::StatusOr<HttpResponse> HubWrites::ChangeSettings(const HubRequest& asked,
                                                       const nlohmann::json& body) {
  ASSIGN_OR_RETURN(const v1::Visibility visibility, VisibilityOf(body));
  if (visibility == v1::VISIBILITY_UNSPECIFIED) {
    return absl::InvalidArgumentError("only `private` and `visibility` can be set here");
  }
  ASSIGN_OR_RETURN(const v1::Repository repository,
                   catalog_.FindRepository(asked.route.type, asked.route.id));
  RETURN_IF_ERROR(Show(repository.name(), visibility));
  return Nothing();
}

absl::Status HubWrites::Show(const std::string& repository, v1::Visibility visibility) {
  v1::SetVisibilityRequest request;
  request.set_name(repository);
  request.set_visibility(visibility);
  return registry_->SetVisibility(request).status();
}

absl::StatusOr<HttpResponse> HubWrites::AddTag(const HubRequest& asked,
                                               const nlohmann::json& body) {
  const HubRoute& route = asked.route;
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  ASSIGN_OR_RETURN(const std::string tag, RequiredText(body, "tag"));
  RETURN_IF_ERROR(registry_->AddTag(revision.repository.name(), tag, revision.version.name(),
                                    /*branch=*/false));
  return Nothing();
}

absl::StatusOr<HttpResponse> HubWrites::AddBranch(const HubRequest& asked,
                                                  const nlohmann::json& body) {
  const HubRoute& route = asked.route;
  const std::string start = OptionalText(body, "startingPoint");
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, start.empty() ? "main" : start));
  if (route.revision == "main") return absl::AlreadyExistsError("there is a branch main already");
  RETURN_IF_ERROR(registry_->AddTag(revision.repository.name(), route.revision,
                                    revision.version.name(), /*branch=*/true));
  return Nothing();
}

// Of a branch, too.
absl::StatusOr<HttpResponse> HubWrites::DeleteTag(const HubRequest& asked, const nlohmann::json&) {
  const HubRoute& route = asked.route;
  ASSIGN_OR_RETURN(const v1::Repository repository, catalog_.FindRepository(route.type, route.id));
  if (route.revision == "main" || route.revision == "latest") {
    return absl::InvalidArgumentError("the branch main cannot be deleted");
  }
  const bool branch = route.call == HubCall::kBranch;
  const std::string name = TagName(repository.name(), route.revision);
  for (const v1::Tag& tag : repository.tags()) {
    if (tag.name() != name || tag.branch() != branch) continue;
    v1::DeleteTagRequest request;
    request.set_name(name);
    RETURN_IF_ERROR(registry_->DeleteTag(request));
    return Nothing();
  }
  return RevisionNotFound(route.id, route.revision);
}

}  // namespace ropewalk
