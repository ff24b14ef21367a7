#include "worker/ops/elementwise.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ropewalk
