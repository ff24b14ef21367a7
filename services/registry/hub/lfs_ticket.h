#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/url.h"

namespace ropewalk {

// What the address of an upload says for itself: clients send no token with it. Signed with a key
// that this process made up, so addresses do not outlive it. Thread-safe.
class LfsTickets {
 public:
  LfsTickets();

  // The query of an address that takes the blob until `expiry`.
  std::string Issue(absl::string_view oid, int64_t size_bytes, absl::Time expiry) const;

  // The size that was issued for this blob; -1 if the query was not issued for it or has expired.
  int64_t Check(absl::string_view oid, const QueryFields& query, absl::Time now) const;

 private:
  std::string Sign(absl::string_view oid, absl::string_view size, absl::string_view expiry) const;

  const std::string key_;
};

}  // namespace ropewalk
