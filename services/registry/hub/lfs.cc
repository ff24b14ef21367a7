#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_body.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/hub_writes.h"
#include "services/registry/hub/json_response.h"

// HubWrites: large files, as git LFS has them
// (https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md).

namespace ropewalk {
namespace {

constexpr size_t kMaxObjects = 1000;
constexpr absl::Duration kTicketLife = absl::Hours(24);

// Takes the bytes of a blob.
class BlobBody final : public HttpExchange {
 public:
  explicit BlobBody(std::unique_ptr<BlobUpload> upload) : upload_(std::move(upload)) {}

  std::optional<HttpResponse> Append(absl::string_view piece) override {
    const absl::Status status = upload_->Append(piece);
    if (status.ok()) return std::nullopt;
    return HubErrorResponse(status);
  }

  HttpResponse Finish() override {
    absl::Status status = upload_->Finish();
    // It is the client that has sent other bytes than it said.
    if (absl::IsDataLoss(status)) status = absl::InvalidArgumentError(status.message());
    return status.ok() ? JsonResponse(nlohmann::json::object()) : HubErrorResponse(status);
  }

 private:
  const std::unique_ptr<BlobUpload> upload_;
};

// Takes the bytes of a blob that came in the meantime.
class IgnoredBody final : public HttpExchange {
 public:
  std::optional<HttpResponse> Append(absl::string_view) override { return std::nullopt; }
  HttpResponse Finish() override { return JsonResponse(nlohmann::json::object()); }
};

}  // namespace

absl::StatusOr<HttpResponse> HubWrites::LfsBatch(const HubRequest& asked,
                                                 const nlohmann::json& body) {
  const HubRoute& route = asked.route;
  ASSIGN_OR_RETURN(const std::string operation, RequiredText(body, "operation"));
  if (operation != "upload") {
    return absl::InvalidArgumentError("only uploads go this way; download by /resolve/");
  }
  RETURN_IF_ERROR(catalog_.FindRepository(route.type, route.id).status());
  ASSIGN_OR_RETURN(const auto wanted, RequiredObjects(body, "objects", kMaxObjects));
  const std::string origin = OriginOf(asked.http);
  const std::string type = route.type == "models" ? "" : absl::StrCat(route.type, "/");
  nlohmann::json objects = nlohmann::json::array();
  for (const nlohmann::json& object : wanted) {
    ASSIGN_OR_RETURN(const std::string oid, RequiredText(object, "oid"));
    ASSIGN_OR_RETURN(const int64_t size, RequiredSize(object, "size"));
    v1::FindMissingBlobsRequest find;
    find.add_digests(oid);
    ASSIGN_OR_RETURN(const v1::FindMissingBlobsResponse found, registry_->FindMissingBlobs(find));
    nlohmann::json& answer = objects.emplace_back(nlohmann::json{{"oid", oid}, {"size", size}});
    if (found.missing_digests().empty()) continue;
    const std::string ticket = tickets_.Issue(oid, size, clock_->Now() + kTicketLife);
    answer["actions"] = {
        {"upload", {{"href", absl::StrCat(origin, "/lfs/objects/", oid, "?", ticket)}}},
        {"verify", {{"href", absl::StrCat(origin, "/", type, route.id, ".git/info/lfs/verify")}}}};
  }
  HttpResponse response =
      JsonResponse({{"transfer", "basic"}, {"objects", objects}, {"hash_algo", "sha256"}});
  response.content_type = "application/vnd.git-lfs+json";
  return response;
}

std::unique_ptr<HttpExchange> HubWrites::BeginLfsUpload(const HubRoute& route,
                                                        const HttpRequest& request) {
  const int64_t size = tickets_.Check(route.path, ParseQuery(request.query), clock_->Now());
  if (size < 0) {
    return AnswerAtOnce(HubErrorResponse(absl::PermissionDeniedError(
        "this address was not issued for the upload, or has expired; ask for a new one")));
  }
  v1::UploadBlobRequest first;
  first.set_digest(route.path);
  first.set_size_bytes(size);
  absl::StatusOr<std::unique_ptr<BlobUpload>> upload = registry_->BeginUpload(first);
  if (!upload.ok()) return AnswerAtOnce(HubErrorResponse(upload.status()));
  if (*upload == nullptr) return std::make_unique<IgnoredBody>();
  return std::make_unique<BlobBody>(*std::move(upload));
}

absl::StatusOr<HttpResponse> HubWrites::LfsVerify(const HubRequest&, const nlohmann::json& body) {
  v1::QueryUploadRequest query;
  ASSIGN_OR_RETURN(*query.mutable_digest(), RequiredText(body, "oid"));
  ASSIGN_OR_RETURN(const int64_t size, RequiredSize(body, "size"));
  ASSIGN_OR_RETURN(const v1::QueryUploadResponse there, registry_->QueryUpload(query));
  if (there.complete() && there.committed_bytes() == size) {
    return JsonResponse(nlohmann::json::object());
  }
  return absl::NotFoundError(absl::StrCat("the object ", query.digest(), " has not come whole"));
}

}  // namespace ropewalk
