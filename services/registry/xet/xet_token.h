#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ropewalk {

// What a client shows with each call of an upload. It says for itself until when it is good, and is
// signed with a key that only the registry has. Thread-safe.
class XetTokens {
 public:
  // The key in the file at `path`; a new one is put there if there is none. So tokens outlive the
  // process, as the uploads do.
  static absl::StatusOr<XetTokens> Open(const std::string& path);

  // At least 32 bytes.
  explicit XetTokens(std::string key) : key_(std::move(key)) {}

  std::string Issue(absl::Time expiry) const;

  // Whether it was issued with this key and has not expired.
  bool Check(absl::string_view token, absl::Time now) const;

 private:
  std::string Sign(absl::string_view expiry) const;

  std::string key_;
};

}  // namespace ropewalk
