#include "worker/train/share.h"

#include <gtest/gtest.h>

#include <numeric>

namespace ropewalk {
namespace {

int64_t Load(const std::vector<int64_t>& tokens, const std::vector<int>& rank_of, int rank) {
  int64_t load = 0;
  for (size_t m = 0; m < tokens.size(); ++m) load += rank_of[m] == rank ? tokens[m] : 0;
  return load;
}

TEST(Share, GivesEveryMicroBatchToARank) {
  for (int ranks = 1; ranks <= 8; ++ranks) {
    const std::vector<double> weights(ranks, 1.0);
    for (const int rank : DealMicroBatches(std::vector<int64_t>(13, 100), weights)) {
      EXPECT_GE(rank, 0);
      EXPECT_LT(rank, ranks);
    }
  }
}

TEST(Share, EqualRanksGetEqualShares) {
  const std::vector<int64_t> tokens(12, 500);
  const std::vector<int> rank_of = DealMicroBatches(tokens, {1, 1, 1});
  for (int rank = 0; rank < 3; ++rank) EXPECT_EQ(Load(tokens, rank_of, rank), 2000);
}

TEST(Share, AFastRankGetsInProportion) {
  const std::vector<int64_t> tokens(12, 500);
  const std::vector<int> rank_of = DealMicroBatches(tokens, {3000, 1000});
  EXPECT_EQ(Load(tokens, rank_of, 0), 4500);
  EXPECT_EQ(Load(tokens, rank_of, 1), 1500);
}

TEST(Share, AnUnknownSpeedCountsAsTheMeanOfTheOthers) {
  const std::vector<int64_t> tokens(9, 100);
  EXPECT_EQ(DealMicroBatches(tokens, {2000, 0, 4000}),
            DealMicroBatches(tokens, {2000, 3000, 4000}));
}

TEST(Share, MoreRanksThanMicroBatchesLeavesSomeIdle) {
  const std::vector<int> rank_of = DealMicroBatches({10, 20}, {1, 1, 1, 1});
  EXPECT_NE(rank_of[0], rank_of[1]);
}

TEST(Share, NothingToDealIsFine) { EXPECT_TRUE(DealMicroBatches({}, {1.0}).empty()); }

}  // namespace
}  // namespace ropewalk
