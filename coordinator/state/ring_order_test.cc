#include "coordinator/state/ring_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::Le;

double Slowest(const std::vector<int>& order, const HopCosts& costs) {
  double slowest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    slowest = std::max(slowest, costs[order[i]][order[(i + 1) % order.size()]]);
  }
  return slowest;
}

double Sum(const std::vector<int>& order, const HopCosts& costs) {
  double sum = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    sum += costs[order[i]][order[(i + 1) % order.size()]];
  }
  return sum;
}

HopCosts Uniform(int members, double cost) {
  return HopCosts(members, std::vector<double>(members, cost));
}

HopCosts Random(int members, std::mt19937_64& random) {
  std::uniform_real_distribution<double> cost(0.01, 1);
  HopCosts costs = Uniform(members, 0);
  for (std::vector<double>& row : costs) {
    for (double& hop : row) hop = cost(random);
  }
  return costs;
}

// Of all orders that begin with 0; by (slowest, sum).
std::pair<double, double> BestOfAll(const HopCosts& costs) {
  std::vector<int> order(costs.size());
  std::iota(order.begin(), order.end(), 0);
  std::pair<double, double> best = {1e9, 1e9};
  do {
    best = std::min(best, {Slowest(order, costs), Sum(order, costs)});
  } while (std::next_permutation(order.begin() + 1, order.end()));
  return best;
}

// Even and odd members are at two sites.
HopCosts TwoSites(int members, double within, double between) {
  HopCosts costs = Uniform(members, within);
  for (int from = 0; from < members; ++from) {
    for (int to = 0; to < members; ++to) {
      if (from % 2 != to % 2) costs[from][to] = between;
    }
  }
  return costs;
}

int Crossings(const std::vector<int>& order) {
  int crossings = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    crossings += order[i] % 2 != order[(i + 1) % order.size()] % 2 ? 1 : 0;
  }
  return crossings;
}

TEST(RingOrder, StaysIfAllHopsAreAlike) {
  EXPECT_THAT(OrderRing(Uniform(5, 0.1)), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(OrderRing(Uniform(1, 0.1)), ElementsAre(0));
  EXPECT_THAT(OrderRing({}), ElementsAre());
}

TEST(RingOrder, StaysIfAnotherIsHardlyBetter) {
  HopCosts costs = Uniform(4, 0.10);
  costs[0][1] = 0.11;
  EXPECT_THAT(OrderRing(costs), ElementsAre(0, 1, 2, 3));
}

TEST(RingOrder, AvoidsASlowHop) {
  HopCosts costs = Uniform(3, 0.1);
  costs[0][1] = 5;
  EXPECT_THAT(OrderRing(costs), ElementsAre(0, 2, 1));
}

TEST(RingOrder, TellsDirectionsApart) {
  HopCosts costs = Uniform(3, 0.1);
  costs[1][0] = costs[2][1] = costs[0][2] = 5;  // against the given order
  EXPECT_THAT(OrderRing(costs), ElementsAre(0, 1, 2));
}

TEST(RingOrder, IsTheBestOfAllForFewMembers) {
  std::mt19937_64 random(7);
  for (int members = 3; members <= 7; ++members) {
    for (int i = 0; i < 20; ++i) {
      const HopCosts costs = Random(members, random);
      const std::vector<int> order = OrderRing(costs);
      const auto [slowest, sum] = BestOfAll(costs);
      EXPECT_EQ(order.front(), 0);
      if (std::is_sorted(order.begin(), order.end())) {  // the given one stays if nearly as good
        EXPECT_THAT(Slowest(order, costs), Le(slowest / 0.8));
      } else {
        EXPECT_EQ(Slowest(order, costs), slowest);
        EXPECT_NEAR(Sum(order, costs), sum, 1e-12);
      }
    }
  }
}

TEST(RingOrder, CrossesBetweenTwoSitesTwice) {
  for (const int members : {4, 9, kMostExactMembers, kMostExactMembers + 1, 16, 21}) {
    std::vector<int> order = OrderRing(TwoSites(members, 0.01, 0.1));
    EXPECT_EQ(Crossings(order), 2) << members;
    std::sort(order.begin(), order.end());
    for (int i = 0; i < members; ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(RingOrder, GoesAroundWorkersThatCannotBeReachedWithManyMembers) {
  constexpr double kUnreachable = 1e6;
  HopCosts costs = Uniform(14, 0.01);
  for (int other = 0; other < 14; ++other) {
    if (other != 3) costs[5][other] = kUnreachable;  // 5 reaches nobody but 3
    if (other != 8) costs[other][2] = kUnreachable;  // 2 is reached by nobody but 8
  }
  EXPECT_LT(Slowest(OrderRing(costs), costs), 1);
}

}  // namespace
}  // namespace ropewalk
