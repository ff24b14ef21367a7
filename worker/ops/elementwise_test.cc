#include "worker/ops/elementwise.h"

#include <gtest/gtest.h>

#include <bit>

#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

TEST(Elementwise, AddsInPlace) {
  const auto x = RandomFloats(5000, 1), before = RandomFloats(5000, 2);
  SetThreads(2);
  std::vector<float> y = before;
  Add<float>(5000, x.data(), y.data());
  SetThreads(1);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(y[i], before[i] + x[i]);
}

TEST(Elementwise, ArgMaxTakesTheFirstOfEquals) {
  const std::vector<float> x = {-1, 4, 2, 4};
  EXPECT_EQ(ArgMax<float>(4, x.data()), 1);
  EXPECT_EQ(ArgMax<float>(1, x.data()), 0);
}

TEST(Elementwise, SubtractsInPlace) {
  const auto x = RandomFloats(5000, 1), before = RandomFloats(5000, 2);
  SetThreads(2);
  std::vector<float> y = before;
  Subtract<float>(5000, x.data(), y.data());
  SetThreads(1);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(y[i], before[i] - x[i]);
}

TEST(Elementwise, Bfloat16IsRoundedOnce) {
  const auto x = RandomShortDoubles(5001, 1), before = RandomShortDoubles(5001, 2);
  auto sum = before, difference = before;
  Add(5001, x.data(), sum.data());
  Subtract(5001, x.data(), difference.data());
  const auto short_x = Convert<Bfloat16>(x);
  auto short_sum = Convert<Bfloat16>(before), short_difference = short_sum;
  Add(5001, short_x.data(), short_sum.data());
  Subtract(5001, short_x.data(), short_difference.data());
  ExpectRounded(short_sum, sum);
  ExpectRounded(short_difference, difference);
}

TEST(Elementwise, RoundsAsToBfloat16DoesAndWidensExactly) {
  auto x = RandomFloats(5001, 1);
  x[7] = std::numeric_limits<float>::infinity();
  x[8] = std::numeric_limits<float>::quiet_NaN();
  x[9] = std::numeric_limits<float>::max();
  x[10] = -0.0f;
  std::vector<Bfloat16> y(5001);
  std::vector<float> z(5001);
  SetThreads(2);
  RoundTo<Bfloat16>(5001, x.data(), y.data());
  WidenFrom<Bfloat16>(5001, y.data(), z.data());
  SetThreads(1);
  for (int i = 0; i < 5001; ++i) {
    ASSERT_EQ(y[i], ToBfloat16(x[i])) << i;
    ASSERT_EQ(std::bit_cast<uint32_t>(z[i]), uint32_t{y[i]} << 16) << i;
  }
  RoundTo<float>(5001, x.data(), z.data());
  EXPECT_EQ(std::memcmp(z.data(), x.data(), x.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace ropewalk
