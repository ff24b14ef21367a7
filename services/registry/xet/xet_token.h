#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/signing_key.h"

namespace ropewalk {

// What a client shows with each call of an upload. It says for itself until when it is good, and is
// signed. Thread-safe.
class XetTokens {
 public:
  explicit XetTokens(SigningKey key) : key_(std::move(key)) {}

  std::string Issue(absl::Time expiry) const;

  // Whether it was issued with this key and has not expired.
  bool Check(absl::string_view token, absl::Time now) const;

 private:
  const SigningKey key_;
};

}  // namespace ropewalk
