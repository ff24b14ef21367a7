#include "worker/ring/hop_latency.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "absl/time/clock.h"
#include "worker/ring/ring_schedule.h"

namespace ropewalk {
namespace {

constexpr int64_t kMiB = 1 << 20;

int64_t InFlight(absl::Duration latency) {
  const RingBuffer large = {nullptr, 16 * kMiB, ReduceOp::kSumFloat32};
  const Granularity granularity = DefaultGranularity({large}, 2, latency);
  return granularity.chunk_bytes * granularity.window;
}

TEST(HopLatency, AllGetTheLongestThatAnyMeasured) {
  uint32_t calls = 0;
  const auto latency =
      MeasureHopLatency(1, [&](uint32_t attempt, absl::Span<const RingBuffer> buffers) {
        EXPECT_EQ(attempt, calls++);
        auto* const byte = static_cast<uint8_t*>(buffers[0].data);
        *byte = std::max<uint8_t>(*byte, calls == 5 ? 15 : 0);  // another rank's
        return absl::OkStatus();
      });
  ASSERT_TRUE(latency.ok()) << latency.status();
  EXPECT_EQ(*latency, absl::Microseconds(1 << 15));
}

TEST(HopLatency, OfALocalNetworkIsNone) {
  const auto latency =
      MeasureHopLatency(1, [](uint32_t, absl::Span<const RingBuffer>) { return absl::OkStatus(); });
  EXPECT_EQ(latency.value(), absl::ZeroDuration());
}

TEST(HopLatency, IsTheReductionsErrorIfThatFails) {
  const auto latency = MeasureHopLatency(
      1, [](uint32_t, absl::Span<const RingBuffer>) { return absl::UnavailableError("cut"); });
  EXPECT_EQ(latency.status(), absl::UnavailableError("cut"));
}

TEST(HopLatency, LongerHopsHaveMoreInFlight) {
  EXPECT_EQ(InFlight(absl::ZeroDuration()), kMiB);
  EXPECT_EQ(InFlight(absl::Microseconds(128)), kMiB);
  EXPECT_NEAR(InFlight(absl::Milliseconds(1)), 5e6, 0.3e6);
  EXPECT_EQ(InFlight(absl::Milliseconds(40)), 16 * kMiB);
}

}  // namespace
}  // namespace ropewalk
