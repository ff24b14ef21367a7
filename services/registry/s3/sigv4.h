#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/url.h"

namespace ropewalk {

// Who signs.
struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // Empty unless the credentials are temporary.
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// What of a request is signed.
struct SigV4Request {
  std::string method;
  std::string host;  // As in the Host header: with the port, unless it is the scheme's.
  std::string path;  // Percent-encoded, as sent; begins with '/'.
  QueryFields query;
  HttpHeaders headers;  // Besides Host; all of them are signed.
  std::string payload_sha256;
};

// The headers that authenticate the request at `time` to S3 in `region`: those given, x-amz-date,
// x-amz-content-sha256, x-amz-security-token if there is a token, and Authorization. AWS's
// Signature Version 4, with the payload in a single chunk, as described in
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. Pure.
HttpHeaders SignV4(const SigV4Request& request, const AwsCredentials& credentials,
                   absl::string_view region, absl::Time time);

}  // namespace ropewalk
