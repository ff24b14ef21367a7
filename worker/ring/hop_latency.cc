#include "worker/ring/hop_latency.h"

#include <algorithm>
#include <bit>

#include "services/common/clock.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr uint32_t kRounds = 4;  // of which the first waits for ranks that come later
constexpr uint8_t kLeastExponent = 6;
constexpr uint8_t kMostExponent = 26;  // a minute

uint8_t ExponentOf(absl::Duration latency) {
  const int64_t microseconds = std::max<int64_t>(1, absl::ToInt64Microseconds(latency));
  const auto exponent = static_cast<uint8_t>(std::bit_width(static_cast<uint64_t>(microseconds)));
  return std::min(exponent, kMostExponent);
}

}  // namespace

absl::StatusOr<absl::Duration> MeasureHopLatency(
    int hops,
    absl::FunctionRef<absl::Status(uint32_t attempt, absl::Span<const RingBuffer>)> all_reduce) {
  absl::Duration shortest = absl::InfiniteDuration();
  uint8_t byte = 0;
  const RingBuffer buffer = {&byte, 1, ReduceOp::kMaxUint8};
  for (uint32_t round = 0; round < kRounds; ++round) {
    const absl::Duration start = Clock::Real()->Monotonic();
    RETURN_IF_ERROR(all_reduce(round, {buffer}));
    shortest = std::min(shortest, Clock::Real()->Monotonic() - start);
  }
  byte = ExponentOf(shortest / hops);
  RETURN_IF_ERROR(all_reduce(kRounds, {buffer}));
  if (byte <= kLeastExponent) return absl::ZeroDuration();
  return absl::Microseconds(int64_t{1} << std::min(byte, kMostExponent));
}

}  // namespace ropewalk
