#include "services/registry/s3/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/common/sha256.h"

namespace ropewalk {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Pair;

// The credentials, requests and signatures of "Signature Calculations for the Authorization Header:
// Transferring Payload in a Single Chunk" in the Amazon S3 API reference,
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html; computed again
// with Python's hmac.
const AwsCredentials& Example() {
  static const auto* const credentials =
      new AwsCredentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
  return *credentials;
}

SigV4Request Request(const std::string& method, const std::string& path) {
  SigV4Request request;
  request.method = method;
  request.host = "examplebucket.s3.amazonaws.com";
  request.path = path;
  request.payload_sha256 = Sha256Hex("");
  return request;
}

HttpHeaders Sign(const SigV4Request& request, const AwsCredentials& credentials = Example()) {
  return SignV4(request, credentials, "us-east-1",
                absl::FromCivil(absl::CivilDay(2013, 5, 24), absl::UTCTimeZone()));
}

std::string Authorization(const SigV4Request& request) {
  const HttpHeaders headers = Sign(request);
  EXPECT_EQ(headers.back().first, "Authorization");
  return headers.back().second;
}

TEST(SigV4, SignsAsInTheExampleOfGetObject) {
  SigV4Request request = Request("GET", "/test.txt");
  request.headers = {{"Range", "bytes=0-9"}};
  EXPECT_EQ(Authorization(request),
            "AWS4-HMAC-SHA256 "
            "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, SignsAsInTheExampleOfPutObject) {
  SigV4Request request = Request("PUT", "/test%24file.text");
  request.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  request.payload_sha256 = Sha256Hex("Welcome to Amazon S3.");
  EXPECT_EQ(request.payload_sha256,
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  EXPECT_THAT(Authorization(request),
              EndsWith("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(SigV4, SignsAsInTheExampleOfABucketsLifecycle) {
  SigV4Request request = Request("GET", "/");
  request.query = {{"lifecycle", ""}};
  EXPECT_THAT(Authorization(request),
              EndsWith("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(SigV4, SignsAsInTheExampleOfListObjects) {
  SigV4Request request = Request("GET", "/");
  request.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_THAT(Authorization(request),
              EndsWith("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SigV4, SignsValuesWithoutTheirExtraSpaces) {
  SigV4Request plain = Request("GET", "/");
  plain.headers = {{"x-amz-meta-a", "b c"}};
  SigV4Request spaced = plain;
  spaced.headers = {{"X-Amz-Meta-A", "  b   c "}};
  EXPECT_EQ(Authorization(plain), Authorization(spaced));
}

TEST(SigV4, SendsAndSignsTheToken) {
  AwsCredentials temporary = Example();
  temporary.session_token = "token";
  const HttpHeaders headers = Sign(Request("GET", "/"), temporary);
  EXPECT_THAT(headers, Contains(Pair("x-amz-security-token", "token")));
  EXPECT_THAT(
      headers.back().second,
      HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
}

}  // namespace
}  // namespace ropewalk
