#include "services/registry/hub/hub_reads.h"

#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_body.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_info.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/json_response.h"
#include "services/registry/json_text.h"

namespace ropewalk {
namespace {

// Read at a time; versions come with all of their files.
constexpr int kCommitsAtATime = 10;
constexpr size_t kMostPaths = 1000;
// A page of a list ends early when it has read this many files, has named this many, or is this
// long.
constexpr int kMostFilesRead = 100'000;
constexpr int kMostFilesNamed = 10'000;
constexpr size_t kMostListBytes = 4 << 20;

// Form or JSON.
absl::StatusOr<std::vector<std::string>> ParsePaths(const std::string& content_type,
                                                    const std::string& body) {
  std::vector<std::string> paths;
  if (absl::StrContains(content_type, "json")) {
    ASSIGN_OR_RETURN(const nlohmann::json json, ParseBody(body, kFewJsonValues));
    const bool good = json.contains("paths") && json["paths"].is_array();
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

// A page of a list, as text: as a tree, its items would take ten times the memory.
class ListPage {
 public:
  explicit ListPage(bool names_files)
      : most_files_(names_files ? kMostFilesNamed : kMostFilesRead) {}

  bool is_full() const { return files_ >= most_files_ || text_.size() >= kMostListBytes; }

  void Add(const nlohmann::json& item, int files) {
    absl::StrAppend(&text_, text_.empty() ? "" : ",",
                    std::get<std::string>(JsonResponse(item).body));
    files_ += files;
  }

  HttpResponse Answer() const {
    HttpResponse response = JsonResponse(nlohmann::json::array());
    response.body = absl::StrCat("[", text_, "]");
    return response;
  }

 private:
  const int most_files_;
  int files_ = 0;
  std::string text_;
};

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

absl::StatusOr<nlohmann::json> HubReads::InfoOf(const HubRevision& revision) {
  ASSIGN_OR_RETURN(const auto card, cards_.Get(revision.version));
  return RepositoryInfo(revision.repository, revision.version, *card);
}

absl::Status HubReads::AddFiles(const v1::Version& version, bool blobs, nlohmann::json* info) {
  nlohmann::json& siblings = (*info)["siblings"] = nlohmann::json::array();
  for (const v1::File& file : version.files()) {
    ASSIGN_OR_RETURN(nlohmann::json sibling, files_.Sibling(file, blobs));
    siblings.push_back(std::move(sibling));
  }
  return absl::OkStatus();
}

absl::StatusOr<HttpResponse> HubReads::List(const HubRequest& asked) {
  const QueryFields fields = ParseQuery(asked.http.query);
  const std::string& type = asked.route.type;
  ASSIGN_OR_RETURN(RepositoryQuery query, ParseListQuery(type, fields));
  query.visible_to = asked.caller.visible_to();
  ASSIGN_OR_RETURN(const RepositoryPage found, registry_->FindRepositories(query));
  const bool names_files = NamesFiles(fields);
  ListPage page(names_files);
  const v1::Repository* last = nullptr;
  for (const v1::Repository& repository : found.repositories) {
    if (page.is_full()) break;
    last = &repository;
    const absl::StatusOr<HubRevision> revision = catalog_.RevisionOf(repository, "main");
    if (absl::IsNotFound(revision.status())) continue;  // It went, or has no `latest`.
    RETURN_IF_ERROR(revision.status());
    ASSIGN_OR_RETURN(nlohmann::json info, InfoOf(*revision));
    if (names_files) RETURN_IF_ERROR(AddFiles(revision->version, /*blobs=*/false, &info));
    page.Add(Expand(info, fields), revision->version.files_size());
  }
  HttpResponse response = page.Answer();
  if (last != nullptr && (found.more || last != &found.repositories.back())) {
    response.headers["Link"] = NextLink(asked.http, fields, CursorAfter(fields, *last));
  }
  return response;
}

absl::StatusOr<HttpResponse> HubReads::Info(const HubRoute& route, const HttpRequest& request) {
  const QueryFields fields = ParseQuery(request.query);
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  ASSIGN_OR_RETURN(nlohmann::json info, InfoOf(revision));
  RETURN_IF_ERROR(AddFiles(revision.version, IsTrue(FieldOf(fields, "blobs")), &info));
  return JsonResponse(Expand(info, fields));
}

absl::StatusOr<HttpResponse> HubReads::Tree(const HubRoute& route, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  const v1::Version& version = revision.version;
  if (!route.path.empty() && !HasFolder(version, route.path)) {
    return EntryNotFound(route.path, revision.commit());
  }
  ASSIGN_OR_RETURN(TreeQuery query, ParseTreeQuery(request, route.path));
  ++query.limit;  // One more tells whether there is another page.
  std::vector<TreeEntry> entries = ListTree(version, query);
  const bool more = entries.size() == query.limit;
  if (more) entries.pop_back();
  ASSIGN_OR_RETURN(const nlohmann::json items, files_.TreeItems(version, entries));
  HttpResponse response = JsonResponse(items);
  if (more) {
    response.headers["Link"] =
        NextLink(request, ParseQuery(request.query), CursorAfter(request, entries.back()));
  }
  return response;
}

absl::StatusOr<HttpResponse> HubReads::PathsInfo(const HubRequest& asked, const std::string& body) {
  const HubRoute& route = asked.route;
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                   ParsePaths(asked.http.header("content-type"), body));
  std::vector<TreeEntry> entries;
  for (const std::string& path : paths) {
    const v1::File* const file = FindFile(revision.version, path);
    if (file != nullptr || HasFolder(revision.version, path)) entries.push_back({path, file});
  }
  ASSIGN_OR_RETURN(const nlohmann::json items, files_.TreeItems(revision.version, entries));
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
  list.set_page_size(kCommitsAtATime);
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
