#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "services/registry/access/caller.h"
#include "services/registry/metadata_store.h"

namespace ropewalk {

struct AccessOptions {
  // Whether callers need a token; if not, everyone who reaches the registry may do everything.
  bool tokens = false;
  // Whether callers without one may read what is public.
  bool anonymous_read = false;
};

// Knows the callers by their tokens, and what each may do. Thread-safe.
class AccessControl {
 public:
  // Neither is owned; both outlive this.
  AccessControl(MetadataStore* metadata, const Clock* clock, const AccessOptions& options)
      : metadata_(metadata), clock_(clock), options_(options) {}

  // `authorization`: "Bearer hf_...", or empty.
  // UNAUTHENTICATED: the token is not known, or no more.
  absl::StatusOr<Caller> Authenticate(absl::string_view authorization);

  // NOT_FOUND, as of a repository that is not there, or UNAUTHENTICATED without a token.
  absl::Status CheckMayRead(const Caller& caller, const std::string& repository);

  // As access_service.proto says.
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request);
  absl::StatusOr<std::vector<v1::AccessToken>> ListTokens();
  absl::Status DeleteToken(const std::string& name);

  // The text of a token of the user "admin", if tokens are asked for and nobody has one whose role
  // is admin; empty if somebody has.
  absl::StatusOr<std::string> MakeFirstToken();

 private:
  struct Known {
    v1::AccessToken token;
    absl::Time until;
  };

  absl::StatusOr<v1::AccessToken> Find(const std::string& hash);

  MetadataStore* const metadata_;
  const Clock* const clock_;
  const AccessOptions options_;
  Mutex mutex_;
  // What the store said lately, by hash: a token comes with every request.
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
