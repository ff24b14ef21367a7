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

TEST(FollowSpeeds, GoesHalfOfTheWay) {
  std::vector<double> weights = {1, 1};
  FollowSpeeds({3000, 1000}, &weights);
  EXPECT_DOUBLE_EQ(weights[0] / weights[1], 2500.0 / 1500.0);
  for (int step = 0; step < 20; ++step) FollowSpeeds({3000, 1000}, &weights);
  EXPECT_NEAR(weights[0] / weights[1], 3.0, 1e-4);
}

TEST(FollowSpeeds, ARankWithoutWorkIsTriedAgain) {
  const std::vector<int64_t> tokens(8, 100);
  std::vector<double> weights = {1000, 1000, 10};
  EXPECT_EQ(Load(tokens, DealMicroBatches(tokens, weights), 2), 0);
  int steps = 0;
  while (Load(tokens, DealMicroBatches(tokens, weights), 2) == 0 && ++steps < 100) {
    FollowSpeeds({1000, 1000, 0}, &weights);
  }
  EXPECT_LT(steps, 10);
}

TEST(FollowSpeeds, WhatNobodyMeasuredStays) {
  std::vector<double> weights = {2, 0, 4};
  FollowSpeeds({0, 0, 0}, &weights);
  EXPECT_EQ(weights, (std::vector<double>{2, 0, 4}));
}

TEST(Share, NothingToDealIsFine) { EXPECT_TRUE(DealMicroBatches({}, {1.0}).empty()); }

}  // namespace
}  // namespace ropewalk
