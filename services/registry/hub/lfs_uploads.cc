#include "services/registry/hub/lfs_uploads.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_body.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_query.h"
#include "services/registry/hub/json_response.h"
#include "services/registry/json_text.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxObjects = 1000;
constexpr int64_t kFewParts = 20;
constexpr int64_t kMaxParts = 1000;
constexpr size_t kMaxJoinBytes = 1 << 20;
constexpr absl::Duration kTicketLife = absl::Hours(24);

// Takes the bytes of a blob, and answers with its digest as ETag.
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
    if (!status.ok()) return HubErrorResponse(status);
    HttpResponse response = JsonResponse(nlohmann::json::object());
    response.headers["ETag"] = absl::StrCat("\"", upload_->digest(), "\"");
    return response;
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

std::unique_ptr<HttpExchange> Refusal(const absl::Status& status) {
  return AnswerAtOnce(HubErrorResponse(status));
}

// Whether the client takes files in parts and waits until they are put together: huggingface_hub
// from 1.0 on gives an answer no more than ten seconds.
bool TakesParts(const HubRequest& asked, const nlohmann::json& body) {
  const auto transfers = body.find("transfers");
  if (transfers == body.end() || !transfers->is_array()) return false;
  const std::string agent = asked.http.header("user-agent");
  const size_t hub = agent.find("hf_hub/");
  if (hub != std::string::npos && agent.compare(hub, 9, "hf_hub/0.") != 0) return false;
  return std::find(transfers->begin(), transfers->end(), "multipart") != transfers->end();
}

absl::Status PartIsGone(size_t number) {
  return absl::FailedPreconditionError(
      absl::StrCat("part ", number,
                   " is not here any more; upload the file again, and if its parts come over a "
                   "longer time than the registry's --grace, ask for a longer one"));
}

}  // namespace

absl::StatusOr<HttpResponse> LfsUploads::Batch(const HubRequest& asked,
                                               const nlohmann::json& body) const {
  ASSIGN_OR_RETURN(const std::string operation, RequiredText(body, "operation"));
  if (operation != "upload") {
    return absl::InvalidArgumentError("only uploads go this way; download by /resolve/");
  }
  ASSIGN_OR_RETURN(const auto wanted, RequiredObjects(body, "objects", kMaxObjects));
  int64_t parts_left = TakesParts(asked, body) ? kMaxParts : 0;
  bool any_in_parts = false;
  nlohmann::json objects = nlohmann::json::array();
  for (const nlohmann::json& object : wanted) {
    ASSIGN_OR_RETURN(const std::string oid, RequiredText(object, "oid"));
    ASSIGN_OR_RETURN(const int64_t size, RequiredSize(object, "size"));
    v1::FindMissingBlobsRequest find;
    find.add_digests(oid);
    ASSIGN_OR_RETURN(const v1::FindMissingBlobsResponse found, registry_->FindMissingBlobs(find));
    nlohmann::json& answer = objects.emplace_back(nlohmann::json{{"oid", oid}, {"size", size}});
    if (found.missing_digests().empty()) continue;
    const int64_t parts = CountParts(size);
    const bool in_parts = parts > kFewParts && parts <= parts_left;
    if (in_parts) parts_left -= parts;
    any_in_parts |= in_parts;
    answer["actions"] = ActionsOf(asked, oid, size, in_parts);
  }
  HttpResponse response = JsonResponse({{"transfer", any_in_parts ? "multipart" : "basic"},
                                        {"objects", objects},
                                        {"hash_algo", "sha256"}});
  response.content_type = "application/vnd.git-lfs+json";
  return response;
}

nlohmann::json LfsUploads::ActionsOf(const HubRequest& asked, const std::string& oid, int64_t size,
                                     bool in_parts) const {
  const HubRoute& route = asked.route;
  const std::string origin = OriginOf(asked.http);
  const std::string type = route.type == "models" ? "" : absl::StrCat(route.type, "/");
  nlohmann::json upload{{"href", Address(origin, absl::StrCat("objects/", oid), size)}};
  if (in_parts) upload["header"] = PartsOf(origin, oid, size);
  return {
      {"upload", std::move(upload)},
      {"verify", {{"href", absl::StrCat(origin, "/", type, route.id, ".git/info/lfs/verify")}}}};
}

// Where each part goes, by its number from 1 on, and how long a part is.
nlohmann::json LfsUploads::PartsOf(const std::string& origin, const std::string& oid,
                                   int64_t size) const {
  const int64_t bytes = PartBytes(size);
  nlohmann::json header{{"chunk_size", absl::StrCat(bytes)}};
  for (int64_t part = 0; part < CountParts(size); ++part) {
    header[absl::StrCat(part + 1)] = Address(origin, absl::StrCat("parts/", oid, "/", part + 1),
                                             std::min(bytes, size - part * bytes));
  }
  return header;
}

int64_t LfsUploads::PartBytes(int64_t size) const {
  return std::max(options_.part_bytes, (size - 1) / kMaxParts + 1);
}

int64_t LfsUploads::CountParts(int64_t size) const { return (size - 1) / PartBytes(size) + 1; }

std::string LfsUploads::Address(const std::string& origin, const std::string& path,
                                int64_t size) const {
  return absl::StrCat(origin, "/lfs/", path, "?",
                      tickets_.Issue(path, size, clock_->Now() + kTicketLife));
}

absl::StatusOr<HttpResponse> LfsUploads::Verify(const nlohmann::json& body) const {
  v1::QueryUploadRequest query;
  ASSIGN_OR_RETURN(*query.mutable_digest(), RequiredText(body, "oid"));
  ASSIGN_OR_RETURN(const int64_t size, RequiredSize(body, "size"));
  ASSIGN_OR_RETURN(const v1::QueryUploadResponse there, registry_->QueryUpload(query));
  if (there.complete() && there.committed_bytes() == size) {
    return JsonResponse(nlohmann::json::object());
  }
  return absl::NotFoundError(absl::StrCat("the object ", query.digest(), " has not come whole"));
}

std::unique_ptr<HttpExchange> LfsUploads::Begin(const HubRequest& asked) const {
  const HubRoute& route = asked.route;
  const std::string& method = asked.http.method;
  const bool is_part = route.call == HubCall::kLfsPart;
  if (method != "PUT" && (method != "POST" || is_part)) return nullptr;
  const std::string path = absl::StrCat(is_part ? "parts/" : "objects/", route.path);
  const int64_t size = tickets_.Check(path, ParseQuery(asked.http.query), clock_->Now());
  if (size < 0) {
    return Refusal(absl::PermissionDeniedError(
        "this address was not issued for the upload, or has expired; ask for a new one"));
  }
  if (is_part) return BeginPart(size);
  return method == "PUT" ? BeginObject(route.path, size) : BeginJoin(route.path, size);
}

std::unique_ptr<HttpExchange> LfsUploads::BeginObject(const std::string& oid, int64_t size) const {
  v1::UploadBlobRequest first;
  first.set_digest(oid);
  first.set_size_bytes(size);
  absl::StatusOr<std::unique_ptr<BlobUpload>> upload = registry_->BeginUpload(first);
  if (!upload.ok()) return Refusal(upload.status());
  if (*upload == nullptr) return std::make_unique<IgnoredBody>();
  return std::make_unique<BlobBody>(*std::move(upload));
}

std::unique_ptr<HttpExchange> LfsUploads::BeginPart(int64_t size) const {
  absl::StatusOr<std::unique_ptr<BlobUpload>> upload = registry_->BeginUnnamedUpload(size);
  if (!upload.ok()) return Refusal(upload.status());
  return std::make_unique<BlobBody>(*std::move(upload));
}

std::unique_ptr<HttpExchange> LfsUploads::BeginJoin(const std::string& oid, int64_t size) const {
  return AnswerToBody(kMaxJoinBytes, [this, oid, size](const std::string& text) {
    const absl::StatusOr<nlohmann::json> body = ParseBody(text, kFewJsonValues);
    const absl::Status status = body.ok() ? Join(oid, size, *body) : body.status();
    return status.ok() ? JsonResponse(nlohmann::json::object()) : HubErrorResponse(status);
  });
}

absl::Status LfsUploads::Join(const std::string& oid, int64_t size,
                              const nlohmann::json& body) const {
  v1::UploadBlobRequest first;
  first.set_digest(oid);
  first.set_size_bytes(size);
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobUpload> upload, registry_->BeginUpload(first));
  if (upload == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> parts, FindParts(size, body));
  for (const std::string& digest : parts) RETURN_IF_ERROR(AppendBlob(digest, upload.get()));
  const absl::Status status = upload->Finish();
  if (!absl::IsDataLoss(status)) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("the parts do not make the file: ", status.message()));
}

// The digests of the parts, which are here and make up the size.
absl::StatusOr<std::vector<std::string>> LfsUploads::FindParts(int64_t size,
                                                               const nlohmann::json& body) const {
  ASSIGN_OR_RETURN(const auto named, RequiredObjects(body, "parts", kMaxParts));
  std::vector<std::string> digests;
  int64_t bytes = 0;
  for (const nlohmann::json& part : named) {
    ASSIGN_OR_RETURN(const int64_t number, RequiredSize(part, "partNumber"));
    ASSIGN_OR_RETURN(const std::string etag, RequiredText(part, "etag"));
    if (number != static_cast<int64_t>(digests.size()) + 1) {
      return absl::InvalidArgumentError("'parts' must be all parts, ordered by partNumber");
    }
    v1::QueryUploadRequest query;
    query.set_digest(std::string(absl::StripSuffix(absl::StripPrefix(etag, "\""), "\"")));
    ASSIGN_OR_RETURN(const v1::QueryUploadResponse there, registry_->QueryUpload(query));
    if (!there.complete()) return PartIsGone(digests.size() + 1);
    bytes += there.committed_bytes();
    digests.push_back(query.digest());
  }
  if (bytes == size) return digests;
  return absl::InvalidArgumentError(
      absl::StrCat("the parts have ", bytes, " bytes, the file ", size, "; send every part whole"));
}

absl::Status LfsUploads::AppendBlob(const std::string& digest, BlobUpload* upload) const {
  v1::DownloadBlobRequest whole;
  whole.set_digest(digest);
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader, registry_->ReadBlob(whole));
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, reader->Next());
    if (piece.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(upload->Append(piece));
  }
}

}  // namespace ropewalk
