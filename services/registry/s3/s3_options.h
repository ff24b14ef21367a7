#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/http_client.h"
#include "services/registry/s3/sigv4.h"

namespace ropewalk {

// How long an S3 store is waited for.
struct S3Patience {
  // Of a request that fails because the store is busy or cannot be reached, with pauses between
  // them that double from `first_pause` to `last_pause`.
  int attempts = 5;
  absl::Duration first_pause = absl::Milliseconds(200);
  absl::Duration last_pause = absl::Seconds(5);
  // No attempt begins later than this after the first.
  absl::Duration give_up_after = absl::Minutes(1);
  HttpDeadlines deadlines;
};

// A bucket, and how it is reached.
struct S3Options {
  std::string bucket;
  std::string prefix;    // Of all keys: empty, or ends with '/'.
  std::string endpoint;  // "https://host" or "http://host:port".
  std::string region;
  bool path_style = false;  // The bucket is named in the path, not in the host.
  std::string ca_file;      // See HttpClientOptions.
  AwsCredentials credentials;

  // Where blobs are spooled whose digests are not known before they have come.
  std::string spool_folder;
  // A broken upload counts as given up by its process when nothing came for so long.
  absl::Duration abandoned_after = absl::Hours(24);
  S3Patience patience;
};

// Reads "s3://BUCKET/PREFIX?endpoint=URL&region=REGION&path_style=true&ca_file=PATH". Without a
// region it is us-east-1; without an endpoint, AWS's for the region. The style is by path where an
// endpoint is given and by host where not, unless said. The prefix may be empty. No credentials:
// those are in CredentialsFromEnvironment. Spools into the system's folder for temporary files.
// INVALID_ARGUMENT: what is wrong with the URL.
absl::StatusOr<S3Options> ParseS3Url(absl::string_view url);

// From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where they are temporary, AWS_SESSION_TOKEN.
// FAILED_PRECONDITION: one of the first two is not set.
absl::StatusOr<AwsCredentials> CredentialsFromEnvironment();

// The host that requests go to, as in the Host header.
std::string HostOf(const S3Options& options);

// "https://" or "http://".
std::string SchemeOf(const S3Options& options);

}  // namespace ropewalk
