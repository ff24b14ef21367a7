#include "services/registry/s3/s3_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(S3Options, ReadsAUrlWithAllParts) {
  const auto options = ParseS3Url(
      "s3://models/team/a?endpoint=http://minio:9000/&region=eu-west-1&path_style=false&ca_file=/"
      "ca.pem");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->bucket, "models");
  EXPECT_EQ(options->prefix, "team/a/");
  EXPECT_EQ(options->endpoint, "http://minio:9000");
  EXPECT_EQ(options->region, "eu-west-1");
  EXPECT_FALSE(options->path_style);
  EXPECT_EQ(options->ca_file, "/ca.pem");
  EXPECT_EQ(HostOf(*options), "models.minio:9000");
}

TEST(S3Options, GoesToAwsUnlessTold) {
  const auto options = ParseS3Url("s3://models?region=eu-west-1");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->prefix, "");
  EXPECT_EQ(options->endpoint, "https://s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(HostOf(*options), "models.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(ParseS3Url("s3://models/")->endpoint, "https://s3.us-east-1.amazonaws.com");
}

TEST(S3Options, NamesTheBucketInThePathOfOtherEndpoints) {
  const auto options = ParseS3Url("s3://models/p/?endpoint=https%3A%2F%2Fs3.example.com:443");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->path_style);
  EXPECT_EQ(options->prefix, "p/");
  EXPECT_EQ(SchemeOf(*options), "https://");
  EXPECT_EQ(HostOf(*options), "s3.example.com");
}

TEST(S3Options, SaysWhatIsWrongWithAUrl) {
  for (const auto& [url, what] : {std::pair("/data", "s3://"),
                                  {"s3://", "''"},
                                  {"s3://a/b", "'a'"},
                                  {"s3://b*cket/x", "b*cket"},
                                  {"s3://bucket//x", "prefix"},
                                  {"s3://bucket/../x", "prefix"},
                                  {"s3://bucket/a b", "prefix"},
                                  {"s3://bucket?endpoint=minio:9000", "endpoint"},
                                  {"s3://bucket?endpoint=http://h/x", "endpoint"},
                                  {"s3://bucket?endpoint=http://", "endpoint"},
                                  {"s3://bucket?path_style=yes", "path_style"},
                                  {"s3://bucket?region=", "region"},
                                  {"s3://bucket?region=%zz", "percent"},
                                  {"s3://bucket?regoin=x", "did you mean 'region'"}}) {
    const absl::Status status = ParseS3Url(url).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << url;
    EXPECT_THAT(status.message(), HasSubstr(what)) << url;
  }
}

TEST(S3Options, RepeatsNoCredentials) {
  const absl::Status status = ParseS3Url("s3://key:secret@bucket/x").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), Not(HasSubstr("secret@")));
  EXPECT_THAT(status.message(), HasSubstr("AWS_SECRET_ACCESS_KEY"));
}

TEST(S3Options, TakesCredentialsFromTheEnvironment) {
  setenv("AWS_ACCESS_KEY_ID", "key", 1);
  unsetenv("AWS_SECRET_ACCESS_KEY");
  unsetenv("AWS_SESSION_TOKEN");
  const absl::Status missing = CredentialsFromEnvironment().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(missing));
  EXPECT_THAT(missing.message(), HasSubstr("AWS_SECRET_ACCESS_KEY"));
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  EXPECT_EQ(CredentialsFromEnvironment()->secret_access_key, "secret");
  EXPECT_EQ(CredentialsFromEnvironment()->session_token, "");
  setenv("AWS_SESSION_TOKEN", "token", 1);
  EXPECT_EQ(CredentialsFromEnvironment()->session_token, "token");
}

}  // namespace
}  // namespace ropewalk
