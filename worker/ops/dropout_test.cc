#include "worker/ops/dropout.h"

#include <gtest/gtest.h>

#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

constexpr RandomKey kKey{7, 3, 1};

std::vector<float> Dropped(int64_t n, double p, const RandomKey& key = kKey, uint32_t site = 5) {
  const std::vector<float> ones(n, 1.0f);
  auto y = Poisoned<float>(n);
  Dropout(n, p, key, site, ones.data(), y.data());
  return y;
}

int64_t Zeros(const std::vector<float>& y) { return std::count(y.begin(), y.end(), 0.0f); }

TEST(Dropout, DropsWithItsProbabilityAndKeepsTheMean) {
  constexpr int64_t kCount = 200000;
  for (const double p : {0.05, 0.5}) {
    const std::vector<float> y = Dropped(kCount, p);
    EXPECT_NEAR(Zeros(y) / static_cast<double>(kCount), p, 5 * std::sqrt(p * (1 - p) / kCount));
    for (const float kept : y) ASSERT_TRUE(kept == 0.0f || std::abs(kept * (1 - p) - 1) < 1e-4);
  }
}

TEST(Dropout, ProbabilityZeroKeepsAll) {
  EXPECT_EQ(Dropped(1000, 0.0), std::vector<float>(1000, 1.0f));
}

TEST(Dropout, EveryPartOfTheKeyMatters) {
  const std::vector<float> y = Dropped(1000, 0.5);
  EXPECT_EQ(Dropped(1000, 0.5), y);
  EXPECT_NE(Dropped(1000, 0.5, RandomKey{8, 3, 1}), y);
  EXPECT_NE(Dropped(1000, 0.5, RandomKey{7, 4, 1}), y);
  EXPECT_NE(Dropped(1000, 0.5, RandomKey{7, 3 + (uint64_t{1} << 32), 1}), y);
  EXPECT_NE(Dropped(1000, 0.5, RandomKey{7, 3, 2}), y);
  EXPECT_NE(Dropped(1000, 0.5, kKey, 6), y);
}

TEST(Dropout, AnElementDependsOnItsIndexAlone) {
  const std::vector<float> longer = Dropped(1003, 0.3);
  for (const int64_t n : {1, 5, 127, 128, 129, 1000}) {
    const std::vector<float> shorter = Dropped(n, 0.3);
    EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin())) << n;
  }
}

TEST(Dropout, WorksInPlaceAndAlikeInDouble) {
  const auto x = RandomDoubles(1000, 1);
  std::vector<double> y = x;
  std::vector<float> z = Convert<float>(x);
  Dropout<double>(1000, 0.3, kKey, 5, y.data(), y.data());
  Dropout<float>(1000, 0.3, kKey, 5, z.data(), z.data());
  ExpectClose(z, y, 1e-6);
}

TEST(Dropout, NeighboursAreIndependent) {
  const std::vector<float> y = Dropped(100000, 0.5);
  for (const int64_t distance : {1, 2, 4, 8, 16, 64, 128}) {
    int64_t both = 0;
    for (size_t i = 0; i + distance < y.size(); ++i) both += y[i] == 0 && y[i + distance] == 0;
    EXPECT_NEAR(both / 100000.0, 0.25, 0.01) << distance;
  }
}

TEST(Dropout, SameBitsForAnyThreads) {
  ExpectSameBitsForAnyThreads([] { return Dropped(12345, 0.1); });
}

TEST(Dropout, Bfloat16DropsTheSameAndIsRoundedOnce) {
  for (const int64_t n : {1, 127, 128, 1000, 12345}) {
    const auto x = RandomShortDoubles(n, 1);
    auto y = Poisoned<double>(n);
    Dropout(n, 0.3, kKey, 5, x.data(), y.data());
    const auto short_x = Convert<Bfloat16>(x);
    auto short_y = Poisoned<Bfloat16>(n), in_place = short_x;
    Dropout(n, 0.3, kKey, 5, short_x.data(), short_y.data());
    SetThreads(2);
    Dropout(n, 0.3, kKey, 5, in_place.data(), in_place.data());
    SetThreads(1);
    ExpectRounded(short_y, y);
    EXPECT_EQ(in_place, short_y);
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(short_y[i] == 0, y[i] == 0) << i;
  }
}

}  // namespace
}  // namespace ropewalk
