#include "worker/ops/bias.h"

#include <gtest/gtest.h>

#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

TEST(Bias, IsAddedToEveryRow) {
  const std::vector<double> bias = {1, -2, 3};
  std::vector<double> y = {1, 2, 3, 40, 50, 60};
  AddBias(2, 3, bias.data(), y.data());
  EXPECT_EQ(y, (std::vector<double>{2, 0, 6, 41, 48, 63}));
}

TEST(Bias, GradientAddsTheSumOfTheRows) {
  const std::vector<double> dy = {1, 2, 3, 40, 50, 60};
  std::vector<double> dbias = {100, 200, 300};
  AddBiasGradient(2, 3, dy.data(), dbias.data());
  EXPECT_EQ(dbias, (std::vector<double>{141, 252, 363}));
}

TEST(Bias, SameBitsForAnyThreads) {
  const auto dy = RandomFloats(1000 * 37, 1);
  ExpectSameBitsForAnyThreads([&] {
    std::vector<float> dbias(37);
    AddBiasGradient(1000, 37, dy.data(), dbias.data());
    return dbias;
  });
}

TEST(Bias, Bfloat16IsRoundedOnceAndSummedInFloat) {
  constexpr int64_t kRows = 700, kSize = 37;
  const auto bias = RandomDoubles(kSize, 1), dy = RandomShortDoubles(kRows * kSize, 2);
  auto y = dy, dbias = bias;
  const auto short_dy = Convert<Bfloat16>(dy);
  auto short_y = short_dy;
  const auto float_bias = Convert<float>(bias);
  auto float_dbias = float_bias;
  AddBias(kRows, kSize, bias.data(), y.data());
  AddBiasGradient(kRows, kSize, dy.data(), dbias.data());
  SetThreads(2);
  AddBias(kRows, kSize, float_bias.data(), short_y.data());
  AddBiasGradient(kRows, kSize, short_dy.data(), float_dbias.data());
  SetThreads(1);
  ExpectRounded(short_y, y);
  ExpectClose(float_dbias, dbias, 2e-6);
}

}  // namespace
}  // namespace ropewalk
