#include "services/registry/s3/s3_options.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/nearest_name.h"
#include "services/common/status_macros.h"
#include "services/common/url.h"

namespace ropewalk {
namespace {

constexpr char kForm[] =
    "s3://BUCKET/PREFIX?endpoint=http://HOST:PORT&region=REGION&path_style=true";

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(what, "; an S3 store is given as ", kForm));
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and capitals and
// underscores, which other stores allow.
bool IsBucketName(absl::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && absl::ascii_isalnum(name.front()) &&
         absl::ascii_isalnum(name.back()) && std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
         });
}

// What every store and every proxy before it takes as it is.
bool IsPrefix(absl::string_view prefix) {
  if (prefix.empty()) return true;
  for (const absl::string_view part : absl::StrSplit(prefix, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return std::all_of(prefix.begin(), prefix.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '/';
  });
}

// Without a '/' at its end, and without the scheme's own port, which clients leave out of the Host
// header that is signed.
absl::StatusOr<std::string> NormalEndpoint(absl::string_view endpoint) {
  absl::ConsumeSuffix(&endpoint, "/");
  absl::string_view authority = endpoint;
  absl::string_view port;
  if (absl::ConsumePrefix(&authority, "http://")) {
    port = ":80";
  } else if (absl::ConsumePrefix(&authority, "https://")) {
    port = ":443";
  }
  if (port.empty() || authority.empty() ||
      authority.find_first_of("/?#@ ") != absl::string_view::npos) {
    return Malformed("the endpoint must be http:// or https:// with a host and perhaps a port");
  }
  absl::ConsumeSuffix(&endpoint, port);
  return std::string(endpoint);
}

absl::StatusOr<bool> ParseBool(absl::string_view text) {
  if (text == "true" || text == "false") return text == "true";
  return Malformed(absl::StrCat("path_style is true or false, not '", text, "'"));
}

absl::Status SetField(const std::string& name, const std::string& value, S3Options* options) {
  if (name == "endpoint") {
    ASSIGN_OR_RETURN(options->endpoint, NormalEndpoint(value));
  } else if (name == "region") {
    if (value.empty()) return Malformed("the region is empty");
    options->region = value;
  } else if (name == "path_style") {
    ASSIGN_OR_RETURN(options->path_style, ParseBool(value));
  } else if (name == "ca_file") {
    options->ca_file = value;
  } else {
    return Malformed(
        absl::StrCat("there is no parameter '", name, "'",
                     DidYouMean(name, {"endpoint", "region", "path_style", "ca_file"})));
  }
  return absl::OkStatus();
}

absl::Status SetFields(absl::string_view query, S3Options* options) {
  options->path_style = !FieldOf(ParseQuery(query), "endpoint").empty();
  for (const absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const QueryFields field = ParseQuery(part);
    if (field.empty()) return Malformed("a parameter's percent-encoding is malformed");
    RETURN_IF_ERROR(SetField(field[0].first, field[0].second, options));
  }
  return absl::OkStatus();
}

std::string TemporaryFolder() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder.string();
}

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

absl::StatusOr<S3Options> ParseS3Url(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "s3://")) return Malformed("it does not begin with s3://");
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(url, absl::MaxSplits('?', 1));
  const std::pair<absl::string_view, absl::string_view> location =
      absl::StrSplit(halves.first, absl::MaxSplits('/', 1));
  if (absl::StrContains(location.first, '@')) {
    return Malformed(
        "credentials do not belong there; set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY in the environment");
  }
  S3Options options;
  options.bucket = std::string(location.first);
  if (!IsBucketName(options.bucket)) {
    return Malformed(absl::StrCat("'", options.bucket, "' is not the name of a bucket"));
  }
  const absl::string_view prefix = absl::StripSuffix(location.second, "/");
  if (!IsPrefix(prefix)) {
    return Malformed("a prefix has letters, digits and -._ between its slashes");
  }
  if (!prefix.empty()) options.prefix = absl::StrCat(prefix, "/");
  options.region = "us-east-1";
  options.spool_folder = TemporaryFolder();
  RETURN_IF_ERROR(SetFields(halves.second, &options));
  if (options.endpoint.empty()) {
    options.endpoint = absl::StrCat("https://s3.", options.region, ".amazonaws.com");
  }
  return options;
}

absl::StatusOr<AwsCredentials> CredentialsFromEnvironment() {
  const AwsCredentials credentials{Variable("AWS_ACCESS_KEY_ID"), Variable("AWS_SECRET_ACCESS_KEY"),
                                   Variable("AWS_SESSION_TOKEN")};
  if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty()) {
    return credentials;
  }
  return absl::FailedPreconditionError(
      "an S3 store needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the "
      "environment, and AWS_SESSION_TOKEN if they are temporary");
}

std::string SchemeOf(const S3Options& options) {
  return absl::StartsWith(options.endpoint, "http://") ? "http://" : "https://";
}

std::string HostOf(const S3Options& options) {
  const std::string host = options.endpoint.substr(SchemeOf(options).size());
  return options.path_style ? host : absl::StrCat(options.bucket, ".", host);
}

}  // namespace ropewalk
