#include "services/registry/s3/s3_error.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "services/registry/s3/s3_xml.h"

namespace ropewalk {
namespace {

using absl::StatusCode;

struct Meaning {
  absl::string_view code;
  StatusCode status;
  absl::string_view advice;
};

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and MinIO's own.
constexpr Meaning kMeanings[] = {
    {"NoSuchKey", StatusCode::kNotFound, ""},
    {"NoSuchUpload", StatusCode::kNotFound, ""},
    {"NoSuchBucket", StatusCode::kFailedPrecondition, "make the bucket, or correct its name"},
    {"InvalidAccessKeyId", StatusCode::kUnauthenticated, "correct AWS_ACCESS_KEY_ID"},
    {"SignatureDoesNotMatch", StatusCode::kUnauthenticated, "correct AWS_SECRET_ACCESS_KEY"},
    {"InvalidToken", StatusCode::kUnauthenticated, "correct AWS_SESSION_TOKEN"},
    {"ExpiredToken", StatusCode::kUnauthenticated, "the credentials have expired; set new ones"},
    {"AccessDenied", StatusCode::kPermissionDenied,
     "the credentials must be allowed to list the bucket, and to read, write and delete in it"},
    {"AuthorizationHeaderMalformed", StatusCode::kFailedPrecondition, "correct the region"},
    {"PermanentRedirect", StatusCode::kFailedPrecondition, "correct the region and the endpoint"},
    {"RequestTimeTooSkewed", StatusCode::kFailedPrecondition, "set this machine's clock"},
    {"InvalidRange", StatusCode::kOutOfRange, ""},
    {"EntityTooLarge", StatusCode::kInvalidArgument, "the store takes no blob so large"},
    {"QuotaExceeded", StatusCode::kResourceExhausted, "make room in the store"},
    {"XMinioStorageFull", StatusCode::kResourceExhausted, "make room in the store"},
    {"BadDigest", StatusCode::kUnavailable, "the bytes changed on their way"},
    {"XAmzContentSHA256Mismatch", StatusCode::kUnavailable, "the bytes changed on their way"},
    {"RequestTimeout", StatusCode::kUnavailable, ""},
    {"OperationAborted", StatusCode::kUnavailable, ""},
    {"InternalError", StatusCode::kUnavailable, ""},
    {"SlowDown", StatusCode::kUnavailable, ""},
    {"ServiceUnavailable", StatusCode::kUnavailable, ""},
};

Meaning MeaningOfCode(int http_status) {
  switch (http_status) {
    case 401:
      return {"", StatusCode::kUnauthenticated, "correct the credentials"};
    case 403:
      return {"", StatusCode::kPermissionDenied,
              "correct the credentials, or what they are allowed to do"};
    case 404:
      return {"", StatusCode::kNotFound, ""};
    case 301:
    case 307:
    case 308:
      return {"", StatusCode::kFailedPrecondition, "correct the region and the endpoint"};
    case 416:
      return {"", StatusCode::kOutOfRange, ""};
    case 408:
    case 429:
      return {"", StatusCode::kUnavailable, ""};
    case 501:
      return {"", StatusCode::kUnimplemented, "the store does not offer this"};
    case 507:
      return {"", StatusCode::kResourceExhausted, "make room in the store"};
    default:
      return {"", http_status >= 500 ? StatusCode::kUnavailable : StatusCode::kInternal, ""};
  }
}

Meaning MeaningOf(const S3Error& error, int http_status) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code == error.code) return meaning;
  }
  return MeaningOfCode(http_status);
}

}  // namespace

absl::Status StatusOfReply(const S3Options& options, absl::string_view what,
                           const HttpReply& reply) {
  const bool success = reply.status / 100 == 2;
  const std::optional<S3Error> found = ParseS3Error(reply.body);
  if (success && !found.has_value()) return absl::OkStatus();
  const S3Error error = found.value_or(S3Error());
  const Meaning meaning = MeaningOf(error, success ? 500 : reply.status);
  std::string message = absl::StrCat("S3 store ", options.endpoint, ", bucket ", options.bucket,
                                     ": ", what, ": ", reply.status);
  if (!error.code.empty()) absl::StrAppend(&message, " ", error.code, ": ", error.message);
  const std::string region =
      error.region.empty() ? reply.header("x-amz-bucket-region") : error.region;
  if (!region.empty() && region != options.region) {
    absl::StrAppend(&message, "; the bucket lies in ", region, ": give region=", region);
    return absl::FailedPreconditionError(message);
  }
  if (!meaning.advice.empty()) absl::StrAppend(&message, "; ", meaning.advice);
  return absl::Status(meaning.status, message);
}

bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace ropewalk
