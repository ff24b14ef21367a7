#include "services/registry/hub/hub_reads.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_info.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/json_response.h"
#include "services/registry/json_text.h"

namespace ropewalk {
namespace {

constexpr int kMostCommits = 100;
constexpr size_t kMostPaths = 1000;

// Form or JSON.
absl::StatusOr<std::vector<std::string>> ParsePaths(const std::string& content_type,
                                                    const std::string& body) {
  std::vector<std::string> paths;
  if (absl::StrContains(content_type, "json")) {
    const nlohmann::json json = ParseJson(body);
    const bool good = json.is_object() && json.contains("paths") && json["paths"].is_array();
    if (!good) return absl::InvalidArgumentError("the body is not {\"paths\": [...]}");
    for (const nlohmann::json& path : json["paths"]) {
      if (!path.is_string()) return absl::InvalidArgumentError("a path is not a string");
      paths.push_back(path.get<std::string>());
    }
  } else {
    paths = FieldsOf(ParseQuery(body), "paths");
  }
  if (paths.size() <= kMostPaths) return paths;
  return absl::InvalidArgumentError(absl::StrCat("at most ", kMostPaths, " paths at a time"));
}

}  // namespace

absl::StatusOr<HttpResponse> HubReads::Answer(const HubRequest& asked) {
  const HubRoute& route = asked.route;
  const HttpRequest& request = asked.http;
  switch (route.call) {
    case HubCall::kList:
      return List(asked);
    case HubCall::kInfo:
      return Info(route, request);
    case HubCall::kTree:
      return Tree(route, request);
    case HubCall::kRefs:
      return Refs(route);
    case HubCall::kCommits:
      return Commits(route, request);
    case HubCall::kAuthCheck:
      RETURN_IF_ERROR(catalog_.FindRepository(route.type, route.id).status());
      return JsonResponse(nlohmann::json::object());
    case HubCall::kResolve:
      return Resolve(route, request);
    default:
      return absl::UnimplementedError("this address cannot be read");
  }
}

absl::StatusOr<nlohmann::json> HubReads::InfoOf(const HubRevision& revision,
                                                const QueryFields& fields) {
  ASSIGN_OR_RETURN(const auto card, cards_.Get(revision.version));
  nlohmann::json info = RepositoryInfo(revision.repository, revision.version, *card);
  const bool blobs = IsTrue(FieldOf(fields, "blobs"));
  nlohmann::json& siblings = info["siblings"] = nlohmann::json::array();
  for (const v1::File& file : revision.version.files()) {
    ASSIGN_OR_RETURN(nlohmann::json sibling, files_.Sibling(file, blobs));
    siblings.push_back(std::move(sibling));
  }
  return Expand(info, fields);
}

absl::StatusOr<HttpResponse> HubReads::List(const HubRequest& asked) {
  const QueryFields fields = ParseQuery(asked.http.query);
  const std::string& type = asked.route.type;
  ASSIGN_OR_RETURN(RepositoryQuery query, ParseListQuery(type, fields));
  query.visible_to = asked.caller.visible_to();
  ASSIGN_OR_RETURN(const RepositoryPage page, registry_->FindRepositories(query));
  nlohmann::json items = nlohmann::json::array();
  for (const v1::Repository& repository : page.repositories) {
    const absl::StatusOr<HubRevision> revision =
        catalog_.FindRevision(type, HubId(repository.name()), "main");
    if (absl::IsNotFound(revision.status())) continue;  // It went, or has no `latest`.
    RETURN_IF_ERROR(revision.status());
    ASSIGN_OR_RETURN(nlohmann::json item, InfoOf(*revision, fields));
    items.push_back(std::move(item));
  }
  HttpResponse response = JsonResponse(items);
  if (page.more) {
    response.headers["Link"] =
        NextLink(asked.http, fields, CursorAfter(fields, page.repositories.back()));
  }
  return response;
}

absl::StatusOr<HttpResponse> HubReads::Info(const HubRoute& route, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  ASSIGN_OR_RETURN(const nlohmann::json info, InfoOf(revision, ParseQuery(request.query)));
  return JsonResponse(info);
}

absl::StatusOr<HttpResponse> HubReads::Tree(const HubRoute& route, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  const bool recursive = IsTrue(FieldOf(ParseQuery(request.query), "recursive"));
  ASSIGN_OR_RETURN(const auto tree, files_.Tree(revision.version, route.path, recursive));
  if (!tree.has_value()) return EntryNotFound(route.path, revision.commit());
  return JsonResponse(*tree);
}

absl::StatusOr<HttpResponse> HubReads::PathsInfo(const HubRequest& asked, const std::string& body) {
  const HubRoute& route = asked.route;
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                   ParsePaths(asked.http.header("content-type"), body));
  nlohmann::json items = nlohmann::json::array();
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const auto item, files_.TreeEntry(revision.version, path));
    if (item.has_value()) items.push_back(*item);
  }
  return JsonResponse(items);
}

absl::StatusOr<HttpResponse> HubReads::Refs(const HubRoute& route) {
  ASSIGN_OR_RETURN(const v1::Repository repository, catalog_.FindRepository(route.type, route.id));
  return JsonResponse(RefsInfo(repository));
}

// Versions have no parents: all that were there when the revision was made are its history.
absl::StatusOr<HttpResponse> HubReads::Commits(const HubRoute& route, const HttpRequest&) {
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  v1::ListVersionsRequest list;
  list.set_parent(revision.repository.name());
  list.set_page_size(kMostCommits);
  nlohmann::json items = nlohmann::json::array();
  bool reached = false;
  do {
    ASSIGN_OR_RETURN(const v1::ListVersionsResponse page, registry_->ListVersions(list));
    for (const v1::Version& version : page.versions()) {
      reached = reached || version.name() == revision.version.name();
      if (reached) items.push_back(CommitInfo(version));
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  return JsonResponse(items);
}

}  // namespace ropewalk
