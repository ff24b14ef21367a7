#include "worker/data/permutation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <vector>

namespace ropewalk {
namespace {

std::vector<int64_t> All(int64_t n, uint64_t seed, uint64_t epoch) {
  const Permutation permutation(n, seed, epoch);
  std::vector<int64_t> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(permutation(i));
  return values;
}

TEST(Permutation, IsABijectionForEverySize) {
  for (int64_t n = 1; n <= 300; ++n) {
    std::vector<int> times(n, 0);
    for (const int64_t value : All(n, 7, n)) {
      ASSERT_GE(value, 0);
      ASSERT_LT(value, n);
      ++times[value];
    }
    EXPECT_EQ(times, std::vector<int>(n, 1));
  }
}

TEST(Permutation, StaysInRangeForHugeSizes) {
  const int64_t n = (int64_t{1} << 40) + 1;
  const Permutation permutation(n, 1, 2);
  for (int64_t i = 0; i < 1000; ++i) {
    const int64_t value = permutation(n - 1 - i * 12345);
    EXPECT_GE(value, 0);
    EXPECT_LT(value, n);
  }
}

TEST(Permutation, DependsOnSeedAndEpoch) {
  EXPECT_EQ(All(100, 1, 0), All(100, 1, 0));
  EXPECT_NE(All(100, 1, 0), All(100, 2, 0));
  EXPECT_NE(All(100, 1, 0), All(100, 1, 1));
}

// Chi-square with (n - 1)^2 degrees of freedom, over epochs, of where each position goes; 5
// standard deviations above its mean is chance once in millions.
TEST(Permutation, SendsEveryPositionEverywhereEquallyOften) {
  constexpr int kEpochs = 4000;
  for (const int n : {2, 3, 4, 5, 8, 13, 16, 17}) {
    std::vector<double> count(n * n, 0);
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      const Permutation permutation(n, 42, epoch);
      for (int i = 0; i < n; ++i) ++count[i * n + permutation(i)];
    }
    const double expected = static_cast<double>(kEpochs) / n;
    double chi_square = 0;
    for (const double c : count) chi_square += (c - expected) * (c - expected) / expected;
    const double freedom = (n - 1) * (n - 1);
    EXPECT_LT(chi_square, freedom + 5 * std::sqrt(2 * freedom)) << n;
  }
}

// Neighbours land (n + 1) / 3 apart on average, as two random places do.
TEST(Permutation, TearsNeighboursApart) {
  constexpr int64_t kSize = 10000;
  const std::vector<int64_t> values = All(kSize, 3, 0);
  double distance = 0;
  for (int64_t i = 0; i + 1 < kSize; ++i) distance += std::abs(values[i + 1] - values[i]);
  EXPECT_NEAR(distance / (kSize - 1), kSize / 3.0, kSize * 0.02);
}

}  // namespace
}  // namespace ropewalk
