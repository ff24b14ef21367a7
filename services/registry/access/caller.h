#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ropewalk/v1/access_service.pb.h"

namespace ropewalk {

// Who asks the registry for something, and what they may do. Pure.
class Caller {
 public:
  // Of a registry that asks nobody for a token: may do everything.
  static Caller Anyone();

  // Without a token. Sees what is public if `may_read`, and nothing if not.
  static Caller Anonymous(bool may_read);

  explicit Caller(v1::AccessToken token) : token_(std::move(token)), may_read_(true) {}

  // "anonymous" if there is no token.
  const std::string& user() const { return token_.user(); }
  // Unspecified if there is no token.
  v1::TokenRole role() const { return token_.role(); }
  bool is_admin() const { return role() == v1::TOKEN_ROLE_ADMIN; }

  // Whether what the namespace has is theirs. Of an admin everything is.
  bool Owns(const std::string& name_space) const;

  // The namespaces whose private repositories they see besides all public ones; nothing: they see
  // everything.
  std::optional<std::vector<std::string>> visible_to() const;

  // Each: UNAUTHENTICATED, without a token, or PERMISSION_DENIED; the message says what would do.

  // That they may read what is public.
  absl::Status CheckMayRead() const;
  // That they may change what the namespace has.
  absl::Status CheckMayWrite(const std::string& name_space) const;
  // That there is a namespace that they may write to.
  absl::Status CheckMayWriteSomewhere() const;
  absl::Status CheckIsAdmin() const;

 private:
  Caller() = default;
  absl::Status Denied(const std::string& what) const;

  v1::AccessToken token_;
  bool may_read_ = false;
};

}  // namespace ropewalk
