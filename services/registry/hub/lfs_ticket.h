#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/signing_key.h"
#include "services/common/url.h"

namespace ropewalk {

// What the address of an upload says for itself: clients send no token with it. Thread-safe.
class LfsTickets {
 public:
  explicit LfsTickets(SigningKey key) : key_(std::move(key)) {}

  // The query of the address `path`, which takes so many bytes until `expiry`.
  std::string Issue(absl::string_view path, int64_t size_bytes, absl::Time expiry) const;

  // The size that was issued for this path; -1 if the query was not issued for it or has expired.
  int64_t Check(absl::string_view path, const QueryFields& query, absl::Time now) const;

 private:
  const SigningKey key_;
};

}  // namespace ropewalk
