#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/s3/s3_client.h"

// S3Client: multipart uploads and copies.

namespace ropewalk {
namespace {

// For what a store does on its own: it copies, or puts the parts of an upload together.
constexpr int kSlowStalls = 10;

}  // namespace

HttpDeadlines S3Client::SlowDeadlines() const {
  HttpDeadlines deadlines = options_.patience.deadlines;
  deadlines.stall *= kSlowStalls;
  return deadlines;
}

absl::StatusOr<std::string> S3Client::BeginUpload(const std::string& key) const {
  ASSIGN_OR_RETURN(const HttpReply reply, Send({"POST", key, {{"uploads", ""}}}));
  return ParseUploadId(reply.body);
}

absl::StatusOr<std::string> S3Client::UploadPart(const std::string& key, const std::string& id,
                                                 int number, std::string bytes,
                                                 const std::string& sha256) const {
  Request request = {"PUT", key, {{"partNumber", absl::StrCat(number)}, {"uploadId", id}}};
  ASSIGN_OR_RETURN(const HttpReply reply,
                   Send(WithBody(std::move(request), std::move(bytes), sha256)));
  std::string etag = reply.header("etag");
  if (!etag.empty()) return etag;
  return absl::InternalError(
      absl::StrCat("S3 store ", options_.endpoint, ": the part of ", key, " has no ETag"));
}

absl::Status S3Client::CompleteUpload(const std::string& key, const std::string& id,
                                      const std::vector<std::string>& etags) const {
  const std::string body = FormatCompletion(etags);
  Request request = WithBody({"POST", key, {{"uploadId", id}}}, body, Sha256Hex(body));
  return Send(std::move(request), SlowDeadlines(), options_.patience.attempts).status();
}

absl::Status S3Client::AbortUpload(const std::string& key, const std::string& id) const {
  const absl::Status status =
      Send({"DELETE", key, {{"uploadId", id}}}, options_.patience.deadlines, /*attempts=*/1)
          .status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status S3Client::Copy(const S3Object& from, const std::string& to) const {
  if (from.size_bytes > limits_.max_copy_bytes) {
    ASSIGN_OR_RETURN(const std::string id, BeginUpload(to));
    const absl::Status status = CopyParts(from, to, id);
    if (!status.ok()) AbortUpload(to, id).IgnoreError();
    return status;
  }
  Request request = {"PUT", to};
  request.headers = {{"x-amz-copy-source", SourceOf(from.key)}};
  return Send(std::move(request), SlowDeadlines(), options_.patience.attempts).status();
}

absl::Status S3Client::CopyParts(const S3Object& from, const std::string& to,
                                 const std::string& id) const {
  std::vector<std::string> etags;
  for (int64_t offset = 0; offset < from.size_bytes; offset += limits_.max_copy_bytes) {
    const int64_t end = std::min(from.size_bytes, offset + limits_.max_copy_bytes);
    Request request = {
        "PUT", to, {{"partNumber", absl::StrCat(etags.size() + 1)}, {"uploadId", id}}};
    request.headers = {{"x-amz-copy-source", SourceOf(from.key)},
                       {"x-amz-copy-source-range", absl::StrCat("bytes=", offset, "-", end - 1)}};
    ASSIGN_OR_RETURN(const HttpReply reply,
                     Send(std::move(request), SlowDeadlines(), options_.patience.attempts));
    ASSIGN_OR_RETURN(std::string etag, ParseCopiedPart(reply.body));
    etags.push_back(std::move(etag));
  }
  return CompleteUpload(to, id, etags);
}

// As one copies from it.
std::string S3Client::SourceOf(const std::string& key) const {
  return absl::StrCat("/", options_.bucket, "/", options_.prefix, key);
}

}  // namespace ropewalk
