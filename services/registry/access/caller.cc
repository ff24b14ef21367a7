#include "services/registry/access/caller.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ropewalk {
namespace {

constexpr char kNobody[] = "anonymous";

}  // namespace

Caller Caller::Anyone() {
  Caller caller = Anonymous(/*may_read=*/true);
  caller.token_.set_role(v1::TOKEN_ROLE_ADMIN);
  return caller;
}

Caller Caller::Anonymous(bool may_read) {
  Caller caller;
  caller.token_.set_user(kNobody);
  caller.may_read_ = may_read;
  return caller;
}

bool Caller::Owns(const std::string& name_space) const {
  const auto& owned = token_.namespaces();
  return is_admin() || std::find(owned.begin(), owned.end(), name_space) != owned.end();
}

std::optional<std::vector<std::string>> Caller::visible_to() const {
  if (is_admin()) return std::nullopt;
  return std::vector<std::string>(token_.namespaces().begin(), token_.namespaces().end());
}

absl::Status Caller::Denied(const std::string& what) const {
  if (role() == v1::TOKEN_ROLE_UNSPECIFIED) {
    return absl::UnauthenticatedError(absl::StrCat(
        what,
        " needs an access token: set HF_TOKEN, or ROPEWALK_TOKEN for Ropewalk's programs; "
        "an administrator makes one with `ropewalk tokens create`"));
  }
  return absl::PermissionDeniedError(
      absl::StrCat(what, " is not for this token, of ", user(), ", which ",
                   role() == v1::TOKEN_ROLE_READ ? "only reads" : "writes",
                   "; its namespaces: ", absl::StrJoin(token_.namespaces(), ", ")));
}

absl::Status Caller::CheckMayRead() const {
  return may_read_ ? absl::OkStatus() : Denied("reading");
}

absl::Status Caller::CheckMayWrite(const std::string& name_space) const {
  const bool writes = role() == v1::TOKEN_ROLE_WRITE || is_admin();
  if (writes && Owns(name_space)) return absl::OkStatus();
  return Denied(absl::StrCat("changing what ", name_space, " has"));
}

absl::Status Caller::CheckMayWriteSomewhere() const {
  if (role() == v1::TOKEN_ROLE_WRITE || is_admin()) return absl::OkStatus();
  return Denied("uploading");
}

absl::Status Caller::CheckIsAdmin() const {
  return is_admin() ? absl::OkStatus() : Denied("administration");
}

}  // namespace ropewalk
