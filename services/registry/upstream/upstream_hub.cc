#include "services/registry/upstream/upstream_hub.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "services/common/url.h"
#include "services/registry/hub/hub_error.h"

namespace ropewalk {
namespace {

constexpr int64_t kMostListingBytes = 64 << 20;
constexpr int kMostRedirects = 5;
constexpr absl::Duration kConnectPatience = absl::Seconds(5);
constexpr absl::Duration kStallPatience = absl::Seconds(20);
constexpr absl::Duration kListingPatience = absl::Minutes(1);

HttpClientOptions ClientOptions(const UpstreamOptions& options) {
  HttpClientOptions client;
  client.ca_file = options.ca_file;
  return client;
}

// With its slashes.
std::string EncodePath(const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  return absl::StrJoin(parts, "/", [](std::string* out, const std::string& part) {
    absl::StrAppend(out, PercentEncode(part));
  });
}

// How many of the answer's first bytes are before `offset`: servers need not know ranges.
absl::StatusOr<int64_t> BytesToSkip(const HttpReply& head, int64_t offset) {
  if (head.status == 200) return offset;
  if (absl::StartsWith(head.header("content-range"), absl::StrCat("bytes ", offset, "-"))) {
    return 0;
  }
  return absl::DataLossError(absl::StrCat("it was asked for the bytes from ", offset,
                                          " on and gives '", head.header("content-range"), "'"));
}

}  // namespace

absl::Status UpstreamHub::Check(const UpstreamOptions& options) {
  const std::string& url = options.url;
  if (!absl::StartsWith(url, "http://") && !absl::StartsWith(url, "https://")) {
    return absl::InvalidArgumentError(
        "--upstream is not a URL that begins with http:// or https://; give e.g. "
        "https://huggingface.co");
  }
  // Commits and messages name it.
  if (url.find_first_of("@?#") == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--upstream has more in it than a host and a path; a token comes by ROPEWALK_UPSTREAM_TOKEN");
}

UpstreamHub::UpstreamHub(const UpstreamOptions& options)
    : url_(absl::StripSuffix(options.url, "/")),
      token_(options.token),
      client_(ClientOptions(options)) {}

// libcurl keeps the header Authorization to the host and port that it was meant for.
HttpCall UpstreamHub::CallTo(const std::string& path) const {
  HttpCall call;
  call.url = absl::StrCat(url_, path);
  call.max_redirects = kMostRedirects;
  call.deadlines.connect = kConnectPatience;
  call.deadlines.stall = kStallPatience;
  if (!token_.empty()) call.headers.emplace_back("Authorization", absl::StrCat("Bearer ", token_));
  return call;
}

absl::Status UpstreamHub::Unexpected(const std::string& what, int status) const {
  const std::string message = absl::StrCat(url_, " answers ", status, " when asked for ", what);
  return absl::UnavailableError(message);
}

absl::StatusOr<UpstreamRevision> UpstreamHub::Resolve(const UpstreamTarget& target) {
  HttpCall call = CallTo(absl::StrCat("/api/", target.type, "/", target.id, "/revision/",
                                      PercentEncode(target.revision), "?blobs=true"));
  call.deadlines.total = kListingPatience;
  ASSIGN_OR_RETURN(const HttpReply reply, client_.Send(call, kMostListingBytes));
  if (reply.status == 200) {
    absl::StatusOr<UpstreamRevision> revision = ParseUpstreamRevision(reply.body);
    if (revision.ok()) return revision;
    return absl::DataLossError(
        absl::StrCat(url_, ", asked for ", target.ToString(), ": ", revision.status().message()));
  }
  if (reply.header("x-error-code") == "RevisionNotFound") {
    return RevisionNotFound(target.id, target.revision);
  }
  if (reply.status == 404 || reply.status == 401) return RepoNotFound(target.id);
  if (reply.status == 403) {
    return absl::PermissionDeniedError(absl::StrCat(url_, " shows ", target.id,
                                                    " only to who may see it; give the registry a ",
                                                    "token that may, ROPEWALK_UPSTREAM_TOKEN"));
  }
  return Unexpected(target.ToString(), reply.status);
}

absl::Status UpstreamHub::Download(const UpstreamTarget& target, const std::string& path,
                                   int64_t offset, Sink sink) {
  HttpCall call =
      CallTo(absl::StrCat(target.type == "models" ? "" : "/" + target.type, "/", target.id,
                          "/resolve/", PercentEncode(target.revision), "/", EncodePath(path)));
  if (offset > 0) call.headers.emplace_back("Range", absl::StrCat("bytes=", offset, "-"));
  ASSIGN_OR_RETURN(const std::unique_ptr<HttpDownload> download, client_.Open(std::move(call)));
  const int status = download->head().status;
  if (status == 401 || status == 403) {
    return absl::PermissionDeniedError(
        absl::StrCat(url_, " lists ", target.id,
                     ", but gives its files only to who may have them; "
                     "give the registry a token that may, ROPEWALK_UPSTREAM_TOKEN"));
  }
  if (status == 404) {
    return absl::DataLossError(
        absl::StrCat(url_, " lists ", path, " in ", target.id, ", but does not have it"));
  }
  if (status != 200 && status != 206) return Unexpected(path + " of " + target.id, status);
  ASSIGN_OR_RETURN(int64_t skip, BytesToSkip(download->head(), offset));
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, download->Next());
    if (piece.empty()) return absl::OkStatus();
    const int64_t before = std::min<int64_t>(skip, piece.size());
    skip -= before;
    if (before == static_cast<int64_t>(piece.size())) continue;
    RETURN_IF_ERROR(sink(absl::string_view(piece).substr(before)));
  }
}

}  // namespace ropewalk
