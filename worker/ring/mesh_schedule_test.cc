#include "worker/ring/mesh_schedule.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

namespace ropewalk {
namespace {

std::vector<RingBuffer> Floats(int64_t count, WireFormat wire = WireFormat::kPlain) {
  return {{nullptr, count, ReduceOp::kSumFloat32, nullptr, wire}};
}

TEST(MeshSchedule, BringsEveryLaneOnceAsChunksAndOnceAsSums) {
  for (const int64_t count : {0, 1, 100, 5000}) {
    for (const int window : {1, 2, 7}) {
      const MeshSchedule schedule(Floats(count), 3, {256, window});
      std::set<std::pair<bool, int64_t>> seen;
      for (int64_t i = 0; i < schedule.messages(); ++i) {
        const auto [is_sum, lane] = schedule.At(i);
        EXPECT_TRUE(seen.insert({is_sum, lane}).second) << i;
      }
      EXPECT_EQ(static_cast<int64_t>(seen.size()), schedule.messages());
    }
  }
}

TEST(MeshSchedule, ChunksOfAllLanesMakeUpTheBuffer) {
  constexpr int64_t kCount = 5003;
  const MeshSchedule schedule(Floats(kCount), 4, {256, 2});
  std::vector<int> covered(kCount);
  for (int64_t lane = 0; lane < schedule.messages() / 2; ++lane) {
    for (int block = 0; block < 4; ++block) {
      const ElementRange range = schedule.ChunkOf(lane, block).range;
      for (int64_t i = range.begin; i < range.end; ++i) ++covered[i];
    }
  }
  EXPECT_EQ(covered, std::vector<int>(kCount, 1));
}

// If all ranks send what they may and take in what comes, all get to the end.
TEST(MeshSchedule, NoRankWaitsForOneThatWaitsForIt) {
  for (const int window : {1, 2, 3, 50}) {
    const MeshSchedule schedule(Floats(9000), 3, {256, window});
    int64_t sent = 0, received = 0, summed = 0;  // of every rank: they are alike
    while (received < schedule.messages()) {
      while (sent < schedule.messages() && schedule.MaySend(schedule.At(sent), summed)) ++sent;
      ASSERT_LT(received, sent) << "window " << window;
      if (!schedule.At(received++).is_sum) ++summed;
    }
    EXPECT_EQ(sent, schedule.messages());
  }
}

TEST(MeshSchedule, HasNoMoreChunksInFlightThanItsWindow) {
  const MeshSchedule schedule(Floats(9000), 3, {256, 2});
  EXPECT_TRUE(schedule.MaySend({false, 1}, 0));
  EXPECT_FALSE(schedule.MaySend({false, 2}, 0));
  EXPECT_FALSE(schedule.MaySend({true, 0}, 0));
  EXPECT_TRUE(schedule.MaySend({true, 0}, 1));
}

TEST(MeshSchedule, FingerprintsTellWireFormatsApart) {
  const auto of = [](WireFormat wire) {
    return MeshSchedule(Floats(100, wire), 2, {256, 2}).Fingerprint();
  };
  EXPECT_NE(of(WireFormat::kPlain), of(WireFormat::kBfloat16));
  EXPECT_NE(of(WireFormat::kBfloat16), of(WireFormat::kInt8));
  EXPECT_NE(of(WireFormat::kPlain), RingSchedule(Floats(100), 2, 0, {256, 2}).Fingerprint());
}

}  // namespace
}  // namespace ropewalk
