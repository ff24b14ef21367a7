#include "services/registry/s3/s3_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

S3Options Options() {
  S3Options options;
  options.endpoint = "http://host:9000";
  options.bucket = "models";
  options.region = "us-east-1";
  return options;
}

absl::Status Status(int http_status, const std::string& body = "") {
  HttpReply reply;
  reply.status = http_status;
  reply.body = body;
  return StatusOfReply(Options(), "PUT blobs/x", reply);
}

std::string Error(const std::string& code, const std::string& more = "") {
  return absl::StrCat("<Error><Code>", code, "</Code><Message>words</Message>", more, "</Error>");
}

TEST(S3Error, LetsSuccessPass) {
  EXPECT_TRUE(Status(200).ok());
  EXPECT_TRUE(Status(204).ok());
  EXPECT_TRUE(Status(206, "bytes").ok());
}

TEST(S3Error, SaysWhatFailedAndWhatWouldMendIt) {
  const absl::Status status = Status(403, Error("AccessDenied"));
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(status.message(),
              HasSubstr("S3 store http://host:9000, bucket models: PUT blobs/x: 403 AccessDenied: "
                        "words; the credentials must be allowed"));
}

TEST(S3Error, KnowsTheCodes) {
  using absl::StatusCode;
  for (const auto& [http_status, code, expected] :
       std::vector<std::tuple<int, std::string, StatusCode>>{
           {404, "NoSuchKey", StatusCode::kNotFound},
           {404, "NoSuchUpload", StatusCode::kNotFound},
           {404, "NoSuchBucket", StatusCode::kFailedPrecondition},
           {403, "InvalidAccessKeyId", StatusCode::kUnauthenticated},
           {403, "SignatureDoesNotMatch", StatusCode::kUnauthenticated},
           {400, "ExpiredToken", StatusCode::kUnauthenticated},
           {403, "RequestTimeTooSkewed", StatusCode::kFailedPrecondition},
           {503, "SlowDown", StatusCode::kUnavailable},
           {500, "InternalError", StatusCode::kUnavailable},
           {400, "RequestTimeout", StatusCode::kUnavailable},
           {400, "XAmzContentSHA256Mismatch", StatusCode::kUnavailable},
           {507, "XMinioStorageFull", StatusCode::kResourceExhausted},
           {400, "Unheard", StatusCode::kInternal},
           {503, "Unheard", StatusCode::kUnavailable}}) {
    EXPECT_EQ(Status(http_status, Error(code)).code(), expected) << http_status << " " << code;
  }
}

TEST(S3Error, KnowsAnswersWithoutACode) {
  EXPECT_TRUE(absl::IsNotFound(Status(404)));
  EXPECT_TRUE(absl::IsPermissionDenied(Status(403)));
  EXPECT_TRUE(absl::IsOutOfRange(Status(416)));
  EXPECT_TRUE(absl::IsUnavailable(Status(429)));
  EXPECT_TRUE(absl::IsUnavailable(Status(502, "<html>Bad gateway</html>")));
  EXPECT_TRUE(absl::IsUnimplemented(Status(501)));
  EXPECT_TRUE(absl::IsInternal(Status(418)));
}

TEST(S3Error, NamesTheRightRegion) {
  absl::Status status =
      Status(400, Error("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("lies in eu-west-1: give region=eu-west-1"));
  HttpReply reply;  // To HEAD.
  reply.status = 301;
  reply.headers["x-amz-bucket-region"] = "eu-west-1";
  status = StatusOfReply(Options(), "HEAD blobs/x", reply);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("give region=eu-west-1"));
  reply.status = 404;
  reply.headers["x-amz-bucket-region"] = "us-east-1";
  EXPECT_TRUE(absl::IsNotFound(StatusOfReply(Options(), "HEAD blobs/x", reply)));
}

TEST(S3Error, FindsAnErrorInAnAnswerThatBeganAsSuccess) {
  EXPECT_TRUE(absl::IsUnavailable(Status(200, Error("InternalError"))));
  EXPECT_TRUE(absl::IsUnavailable(Status(200, Error("Unheard"))));
}

}  // namespace
}  // namespace ropewalk
