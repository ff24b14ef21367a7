#include "services/registry/s3/sigv4.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/hmac_sha256.h"
#include "services/common/sha256.h"

namespace ropewalk {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

// Names in lower case, values without surrounding and doubled spaces; in the names' order.
HttpHeaders Canonical(const HttpHeaders& headers) {
  HttpHeaders canonical;
  for (const auto& [name, value] : headers) {
    std::string text = value;
    absl::RemoveExtraAsciiWhitespace(&text);
    canonical.emplace_back(absl::AsciiStrToLower(name), text);
  }
  std::sort(canonical.begin(), canonical.end());
  return canonical;
}

std::string NamesOf(const HttpHeaders& headers) {
  return absl::StrJoin(headers, ";", [](std::string* out, const auto& header) {
    absl::StrAppend(out, header.first);
  });
}

// In the order of the encoded names.
std::string CanonicalQuery(const QueryFields& query) {
  QueryFields encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(PercentEncode(name), PercentEncode(value));
  }
  std::sort(encoded.begin(), encoded.end());
  return absl::StrJoin(encoded, "&", absl::PairFormatter("="));
}

std::string CanonicalRequest(const SigV4Request& request, const HttpHeaders& headers) {
  std::string text =
      absl::StrCat(request.method, "\n", request.path, "\n", CanonicalQuery(request.query), "\n");
  for (const auto& [name, value] : headers) absl::StrAppend(&text, name, ":", value, "\n");
  absl::StrAppend(&text, "\n", NamesOf(headers), "\n", request.payload_sha256);
  return text;
}

}  // namespace

HttpHeaders SignV4(const SigV4Request& request, const AwsCredentials& credentials,
                   absl::string_view region, absl::Time time) {
  const std::string timestamp = absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone());
  const std::string day = timestamp.substr(0, 8);
  HttpHeaders headers = request.headers;
  headers.emplace_back("x-amz-content-sha256", request.payload_sha256);
  headers.emplace_back("x-amz-date", timestamp);
  if (!credentials.session_token.empty()) {
    headers.emplace_back("x-amz-security-token", credentials.session_token);
  }
  HttpHeaders with_host = headers;
  with_host.emplace_back("host", request.host);
  const HttpHeaders signed_headers = Canonical(with_host);

  const std::string scope = absl::StrCat(day, "/", region, "/s3/aws4_request");
  const std::string to_sign = absl::StrCat(kAlgorithm, "\n", timestamp, "\n", scope, "\n",
                                           Sha256Hex(CanonicalRequest(request, signed_headers)));
  std::string key = absl::StrCat("AWS4", credentials.secret_access_key);
  for (const absl::string_view part : {absl::string_view(day), region, absl::string_view("s3"),
                                       absl::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  headers.emplace_back(
      "Authorization",
      absl::StrCat(kAlgorithm, " Credential=", credentials.access_key_id, "/", scope,
                   ",SignedHeaders=", NamesOf(signed_headers),
                   ",Signature=", absl::BytesToHexString(HmacSha256(key, to_sign))));
  return headers;
}

}  // namespace ropewalk
