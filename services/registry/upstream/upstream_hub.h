#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/common/http_client.h"
#include "services/registry/upstream/upstream_revision.h"

namespace ropewalk {

struct UpstreamOptions {
  // "https://huggingface.co", or another registry's HTTP side.
  std::string url;
  // Sent to that host and port only, not to where they redirect to; may be empty.
  std::string token;
  // See HttpClientOptions.
  std::string ca_file;
};

// A revision as the Hub's addresses name it.
struct UpstreamTarget {
  std::string type;  // "models" or "datasets".
  std::string id;    // "{namespace}/{name}".
  std::string revision;

  std::string repository() const { return type + "/" + id; }
  std::string ToString() const { return repository() + "@" + revision; }
};

// Another Hub, as a client sees it. Thread-safe.
//
// Of both calls: UNAVAILABLE or DEADLINE_EXCEEDED: it does not answer, or is not well; trying again
// may help. PERMISSION_DENIED: it shows this only with a token that may see it. DATA_LOSS: it does
// not give what it says it has.
class UpstreamHub {
 public:
  // INVALID_ARGUMENT: the URL is not one of HTTP, or has a user, a query or a fragment.
  static absl::Status Check(const UpstreamOptions& options);

  // REQUIRES: Check says OK.
  explicit UpstreamHub(const UpstreamOptions& options);

  // NOT_FOUND: RepoNotFound or RevisionNotFound; also of what it does not show without a token.
  absl::StatusOr<UpstreamRevision> Resolve(const UpstreamTarget& target);

  // Hands the bytes of a file to `sink`, from `offset` on and piece by piece; an error of `sink`
  // ends it and is returned.
  using Sink = absl::FunctionRef<absl::Status(absl::string_view piece)>;
  absl::Status Download(const UpstreamTarget& target, const std::string& path, int64_t offset,
                        Sink sink);

  const std::string& url() const { return url_; }

 private:
  HttpCall CallTo(const std::string& path) const;
  absl::Status Unexpected(const std::string& what, int status) const;

  const std::string url_;  // Without a '/' at its end.
  const std::string token_;
  HttpClient client_;
};

}  // namespace ropewalk
