#include "services/registry/hub/hub_writes.h"

#include <cstdio>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/commit_body.h"
#include "services/registry/hub/hub_body.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/json_response.h"
#include "services/registry/json_text.h"
#include "services/registry/model_card.h"

// HubWrites: how calls come in, and commits.

namespace ropewalk {

namespace {

constexpr size_t kSmallBodyBytes = 1 << 20;
// A README.md may be in it, or the beginnings of all files of a commit.
constexpr size_t kLargeBodyBytes = 4 << 20;
constexpr size_t kMaxPreuploadFiles = 1000;
constexpr size_t kPreuploadValues = 50 * kMaxPreuploadFiles;
// What a client that knows nothing but Xet may send in a commit, as base64 and from its memory.
constexpr int64_t kMaxRegularBytes = int64_t{2} << 30;

// Whether the client sends large files by Xet or not at all: huggingface_hub since 1.20.
bool NeedsXet(const std::string& user_agent) {
  const size_t begin = user_agent.find("hf_hub/");
  int major = 0, minor = 0;
  if (begin == std::string::npos ||
      std::sscanf(user_agent.c_str() + begin, "hf_hub/%d.%d", &major, &minor) != 2) {
    return false;
  }
  return std::pair(major, minor) >= std::pair(1, 20);
}

// A branch's name as a tag of the registry.
std::string BranchTag(const std::string& revision) {
  return revision == "main" ? "latest" : revision;
}

}  // namespace

struct HubWrites::Entry {
  HubCall call;
  const char* http_method;
  Answer HubWrites::*method;
  size_t most_bytes = kSmallBodyBytes;
  size_t most_values = kFewJsonValues;
};

std::unique_ptr<HttpExchange> HubWrites::Begin(const HubRequest& asked) {
  const HubRoute& route = asked.route;
  const HttpRequest& request = asked.http;
  static const Entry kEntries[] = {
      {HubCall::kCreateRepo, "POST", &HubWrites::CreateRepo},
      {HubCall::kDeleteRepo, "DELETE", &HubWrites::DeleteRepo},
      {HubCall::kMoveRepo, "POST", &HubWrites::MoveRepo},
      {HubCall::kSettings, "PUT", &HubWrites::ChangeSettings},
      {HubCall::kTag, "POST", &HubWrites::AddTag},
      {HubCall::kTag, "DELETE", &HubWrites::DeleteTag},
      {HubCall::kBranch, "POST", &HubWrites::AddBranch},
      {HubCall::kBranch, "DELETE", &HubWrites::DeleteTag},
      {HubCall::kValidateYaml, "POST", &HubWrites::ValidateYaml, kLargeBodyBytes},
      {HubCall::kPreupload, "POST", &HubWrites::Preupload, kLargeBodyBytes, kPreuploadValues},
      {HubCall::kLfsBatch, "POST", &HubWrites::LfsBatch},
      {HubCall::kLfsVerify, "POST", &HubWrites::LfsVerify}};
  if (route.call == HubCall::kCommit && request.method == "POST") return BeginCommit(asked);
  if (route.call == HubCall::kLfsUpload || route.call == HubCall::kLfsPart) {
    return lfs_.Begin(asked);
  }
  for (const Entry& entry : kEntries) {
    if (entry.call != route.call || entry.http_method != request.method) continue;
    return AnswerToBody(entry.most_bytes, [this, asked, &entry](const std::string& text) {
      absl::StatusOr<nlohmann::json> body =
          ParseBody(text.empty() ? "{}" : text, entry.most_values);
      if (!body.ok()) return HubErrorResponse(body.status());
      return ToHubResponse((this->*entry.method)(asked, *body));
    });
  }
  return nullptr;
}

absl::StatusOr<Commit> HubWrites::PrepareCommit(const HubRequest& asked) {
  const HubRoute& route = asked.route;
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  Commit commit;
  commit.repository = revision.repository.name();
  commit.branch = BranchTag(route.revision);
  commit.author = asked.caller.user();
  return commit;
}

std::unique_ptr<HttpExchange> HubWrites::BeginCommit(const HubRequest& asked) {
  absl::StatusOr<Commit> commit = PrepareCommit(asked);
  if (!commit.ok()) return AnswerAtOnce(HubErrorResponse(commit.status()));
  return std::make_unique<CommitBody>(
      registry_, *std::move(commit), [this, asked](const Commit& complete) {
        const absl::StatusOr<v1::Version> version = registry_->MakeCommit(complete);
        if (!version.ok()) return HubErrorResponse(version.status());
        const std::string oid = CommitOf(version->name());
        return JsonResponse({{"success", true},
                             {"commitOid", oid},
                             {"commitUrl", absl::StrCat(OriginOf(asked.http), "/", asked.route.id,
                                                        "/commit/", oid)},
                             {"hookOutput", ""}});
      });
}

absl::StatusOr<HttpResponse> HubWrites::ValidateYaml(const HubRequest&,
                                                     const nlohmann::json& body) {
  const auto content = body.find("content");
  const bool has_content = content != body.end() && content->is_string();
  const absl::Status checked =
      has_content ? CheckModelCard(content->get_ref<const std::string&>()) : absl::OkStatus();
  nlohmann::json errors = nlohmann::json::array();
  if (!checked.ok()) errors.push_back({{"message", std::string(checked.message())}});
  HttpResponse response = JsonResponse({{"errors", errors}, {"warnings", nlohmann::json::array()}});
  if (!checked.ok()) response.status = 400;  // Else clients do not look at the errors.
  return response;
}

absl::StatusOr<HttpResponse> HubWrites::Preupload(const HubRequest& asked,
                                                  const nlohmann::json& body) {
  const HubRoute& route = asked.route;
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  ASSIGN_OR_RETURN(const auto files, RequiredObjects(body, "files", kMaxPreuploadFiles));
  std::map<std::string, const v1::File*> there;
  for (const v1::File& file : revision.version.files()) there[file.path()] = &file;
  const bool lacks_xet = !has_xet_ && NeedsXet(asked.http.header("user-agent"));
  nlohmann::json answers = nlohmann::json::array();
  for (const nlohmann::json& file : files) {
    ASSIGN_OR_RETURN(const std::string path, RequiredText(file, "path"));
    ASSIGN_OR_RETURN(const int64_t size, RequiredSize(file, "size"));
    const bool lfs = lacks_xet ? size > kMaxRegularBytes : IsLfsFile(path, size);
    nlohmann::json answer{
        {"path", path}, {"uploadMode", lfs ? "lfs" : "regular"}, {"shouldIgnore", false}};
    const auto current = there.find(path);
    if (current != there.end()) {
      ASSIGN_OR_RETURN(answer["oid"], files_.ContentOid(*current->second, lfs));
    }
    answers.push_back(std::move(answer));
  }
  return JsonResponse({{"files", answers}});
}

absl::StatusOr<HttpResponse> HubWrites::LfsBatch(const HubRequest& asked,
                                                 const nlohmann::json& body) {
  RETURN_IF_ERROR(catalog_.FindRepository(asked.route.type, asked.route.id).status());
  return lfs_.Batch(asked, body);
}

absl::StatusOr<HttpResponse> HubWrites::LfsVerify(const HubRequest&, const nlohmann::json& body) {
  return lfs_.Verify(body);
}

}  // namespace ropewalk
