#include "worker/ring/broken_hop.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ropewalk {
namespace {

constexpr absl::string_view kPayloadUrl = "ropewalk/broken-hop";

}  // namespace

absl::Status BrokenHopError(absl::StatusCode code, BrokenHop hop, absl::string_view message) {
  const std::string text = absl::StrCat("hop ", hop.from_rank, " -> ", hop.to_rank, ": ", message);
  return WithBrokenHop(absl::Status(code, text), hop);
}

absl::Status WithBrokenHop(absl::Status status, BrokenHop hop) {
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrCat(hop.from_rank, " ", hop.to_rank)));
  return status;
}

std::optional<BrokenHop> BrokenHopOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  const std::string text(*payload);
  const std::pair<absl::string_view, absl::string_view> ranks = absl::StrSplit(text, ' ');
  BrokenHop hop;
  if (!absl::SimpleAtoi(ranks.first, &hop.from_rank)) return std::nullopt;
  if (!absl::SimpleAtoi(ranks.second, &hop.to_rank)) return std::nullopt;
  return hop;
}

}  // namespace ropewalk
