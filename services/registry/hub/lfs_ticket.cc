#include "services/registry/hub/lfs_ticket.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

std::string Text(absl::string_view path, absl::string_view size, absl::string_view expiry) {
  return absl::StrCat("lfs ", path, " of ", size, " until ", expiry);
}

}  // namespace

std::string LfsTickets::Issue(absl::string_view path, int64_t size_bytes, absl::Time expiry) const {
  const std::string size = absl::StrCat(size_bytes);
  const std::string until = absl::StrCat(absl::ToUnixSeconds(expiry));
  return FormatQuery(
      {{"size", size}, {"expires", until}, {"signature", key_.Sign(Text(path, size, until))}});
}

int64_t LfsTickets::Check(absl::string_view path, const QueryFields& query, absl::Time now) const {
  const std::string size = FieldOf(query, "size");
  const std::string until = FieldOf(query, "expires");
  int64_t size_bytes = 0;
  int64_t seconds = 0;
  if (!key_.Check(Text(path, size, until), FieldOf(query, "signature")) ||
      !absl::SimpleAtoi(size, &size_bytes) || !absl::SimpleAtoi(until, &seconds)) {
    return -1;
  }
  return now <= absl::FromUnixSeconds(seconds) ? size_bytes : -1;
}

}  // namespace ropewalk
