#include "services/registry/access/access_control.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"
#include "services/registry/access/token_text.h"
#include "services/registry/timestamps.h"

namespace ropewalk {
namespace {

// How long a token that was revoked through another process is good here.
constexpr absl::Duration kTrust = absl::Seconds(5);
constexpr size_t kMostKnown = 10'000;
constexpr size_t kIdDigits = 12;

absl::Status CheckRequest(const v1::CreateTokenRequest& request) {
  RETURN_IF_ERROR(ValidateNamePart(request.user(), "user"));
  for (const std::string& name : request.namespaces()) {
    RETURN_IF_ERROR(ValidateNamePart(name, "namespace"));
  }
  if (v1::TokenRole_IsValid(request.role()) && request.role() != v1::TOKEN_ROLE_UNSPECIFIED) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("the token has no role; give read, write or admin");
}

void SortNamespaces(v1::AccessToken* token) {
  auto* names = token->mutable_namespaces();
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
}

}  // namespace

absl::StatusOr<v1::AccessToken> AccessControl::Find(const std::string& hash) {
  const absl::Time now = clock_->Now();
  {
    MutexLock lock(&mutex_);
    const auto known = known_.find(hash);
    if (known != known_.end() && now < known->second.until) return known->second.token;
  }
  ASSIGN_OR_RETURN(const v1::AccessToken token, metadata_->FindToken(hash));
  MutexLock lock(&mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  known_[hash] = {token, now + kTrust};
  return token;
}

absl::StatusOr<Caller> AccessControl::Authenticate(absl::string_view authorization) {
  if (!options_.tokens) return Caller::Anyone();
  if (authorization.empty()) return Caller::Anonymous(options_.anonymous_read);
  const absl::StatusOr<v1::AccessToken> token = Find(TokenHash(BearerOf(authorization)));
  if (token.ok()) return Caller(*token);
  if (!absl::IsNotFound(token.status())) return token.status();
  return absl::UnauthenticatedError(
      "this registry does not know the access token; was it revoked, or made for another one?");
}

absl::Status AccessControl::CheckMayRead(const Caller& caller, const std::string& repository) {
  if (caller.Owns(NamespaceOf(repository))) return absl::OkStatus();
  RETURN_IF_ERROR(caller.CheckMayRead());
  ASSIGN_OR_RETURN(const v1::Repository found, metadata_->GetRepository(repository));
  if (found.visibility() == v1::VISIBILITY_PUBLIC) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no repository ", repository));
}

absl::StatusOr<v1::CreateTokenResponse> AccessControl::CreateToken(
    const v1::CreateTokenRequest& request) {
  RETURN_IF_ERROR(CheckRequest(request));
  if (!options_.tokens) {
    // Anyone could make one now, for the day when tokens are asked for.
    return absl::FailedPreconditionError(
        "this registry asks nobody for a token; start it with --access tokens");
  }
  v1::CreateTokenResponse response;
  response.set_text(MakeTokenText());
  const std::string hash = TokenHash(response.text());
  v1::AccessToken* token = response.mutable_token();
  // A name that says nothing of the hash that is looked for.
  token->set_name(absl::StrCat("tokens/", TokenHash(hash).substr(0, kIdDigits)));
  token->set_user(request.user());
  token->set_role(request.role());
  *token->mutable_namespaces() = request.namespaces();
  token->add_namespaces(request.user());
  SortNamespaces(token);
  FromMicros(absl::ToUnixMicros(clock_->Now()), token->mutable_create_time());
  RETURN_IF_ERROR(metadata_->AddToken(hash, *token));
  return response;
}

absl::StatusOr<std::vector<v1::AccessToken>> AccessControl::ListTokens() {
  ASSIGN_OR_RETURN(std::vector<v1::AccessToken> tokens, metadata_->ListTokens());
  const auto key = [](const v1::AccessToken& token) {
    return std::pair(token.user(), ToMicros(token.create_time()));
  };
  std::stable_sort(tokens.begin(), tokens.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return tokens;
}

absl::Status AccessControl::DeleteToken(const std::string& name) {
  RETURN_IF_ERROR(metadata_->DeleteToken(name));
  MutexLock lock(&mutex_);
  known_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::string> AccessControl::MakeFirstToken() {
  if (!options_.tokens) return std::string();
  ASSIGN_OR_RETURN(const std::vector<v1::AccessToken> tokens, metadata_->ListTokens());
  const bool known = std::any_of(tokens.begin(), tokens.end(), [](const v1::AccessToken& token) {
    return token.role() == v1::TOKEN_ROLE_ADMIN;
  });
  if (known) return std::string();
  v1::CreateTokenRequest request;
  request.set_user("admin");
  request.set_role(v1::TOKEN_ROLE_ADMIN);
  ASSIGN_OR_RETURN(const v1::CreateTokenResponse response, CreateToken(request));
  return response.text();
}

}  // namespace ropewalk
