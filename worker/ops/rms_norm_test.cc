#include "worker/ops/rms_norm.h"

#include <gtest/gtest.h>

#include "tests/testing/gradient_check.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

constexpr double kEps = 1e-5;

struct Case {
  int64_t rows, size;
};

const Case kCases[] = {{1, 1}, {3, 7}, {5, 32}, {67, 193}};

TEST(RmsNorm, DividesByTheRootMeanSquare) {
  const std::vector<double> x = {3, 4}, weight = {1, 10};
  std::vector<double> y(2), rstd(1);
  RmsNormForward<double>(1, 2, x.data(), weight.data(), 0.0, y.data(), rstd.data());
  const double root = std::sqrt(12.5);
  ExpectClose(y, {3 / root, 40 / root}, 1e-15);
  EXPECT_NEAR(rstd[0], 1 / root, 1e-15);
}

TEST(RmsNorm, GradientsAreThoseOfTheForwardPass) {
  for (const auto& [rows, size] : kCases) {
    auto x = RandomDoubles(rows * size, 1), weight = RandomDoubles(size, 2);
    const auto dy = RandomDoubles(rows * size, 3);
    auto rstd = Poisoned<double>(rows);
    const auto loss = [&] {
      auto y = Poisoned<double>(rows * size);
      RmsNormForward(rows, size, x.data(), weight.data(), kEps, y.data(), rstd.data());
      return WeightedSum(dy, y);
    };
    loss();
    std::vector<double> dx(x.size(), 0.0), dweight(size, 0.0);
    RmsNormBackward(rows, size, dy.data(), x.data(), weight.data(), rstd.data(), dx.data(),
                    dweight.data());
    ExpectGradient("x", x, dx, loss);
    ExpectGradient("weight", weight, dweight, loss);
  }
}

TEST(RmsNorm, BackwardAddsToWhatIsThere) {
  const auto x = RandomDoubles(8, 1), weight = RandomDoubles(8, 2), dy = RandomDoubles(8, 3);
  const std::vector<double> rstd = {1.0};
  std::vector<double> from_zero(8, 0.0), from_one(8, 1.0);
  RmsNormBackward<double>(1, 8, dy.data(), x.data(), weight.data(), rstd.data(), from_zero.data(),
                          nullptr);
  RmsNormBackward<double>(1, 8, dy.data(), x.data(), weight.data(), rstd.data(), from_one.data(),
                          nullptr);
  for (double& value : from_zero) value += 1.0;
  ExpectClose(from_one, from_zero, 1e-15);
}

template <typename T>
std::vector<T> RunOp(int64_t rows, int64_t size) {
  const auto x = Convert<T>(RandomDoubles(rows * size, 1)),
             weight = Convert<T>(RandomDoubles(size, 2));
  const auto dy = Convert<T>(RandomDoubles(rows * size, 3));
  auto y = Poisoned<T>(rows * size), rstd = Poisoned<T>(rows);
  std::vector<T> dx(rows * size, 0), dweight(size, 0);
  RmsNormForward(rows, size, x.data(), weight.data(), kEps, y.data(), rstd.data());
  RmsNormBackward(rows, size, dy.data(), x.data(), weight.data(), rstd.data(), dx.data(),
                  dweight.data());
  return Joined<T>({y, rstd, dx, dweight});
}

TEST(RmsNorm, FloatAgreesWithDouble) {
  for (const auto& [rows, size] : kCases) {
    ExpectClose(RunOp<float>(rows, size), RunOp<double>(rows, size), 2e-6);
  }
}

TEST(RmsNorm, SameBitsForAnyThreads) {
  for (const auto& s : kCases) {
    ExpectSameBitsForAnyThreads([&] { return RunOp<float>(s.rows, s.size); });
  }
}

TEST(RmsNorm, Bfloat16IsRoundedOnce) {
  for (const auto& [rows, size] : kCases) {
    const int64_t n = rows * size;
    const auto x = RandomShortDoubles(n, 1), weight = RandomShortDoubles(size, 2);
    const auto dy = RandomShortDoubles(n, 3), start = RandomShortDoubles(n, 4);
    auto y = Poisoned<double>(n), rstd = Poisoned<double>(rows);
    auto dx = start, dweight = RandomShortDoubles(size, 5);
    const auto float_weight = Convert<float>(weight), float_x = Convert<float>(x);
    const auto short_x = Convert<Bfloat16>(x), short_dy = Convert<Bfloat16>(dy);
    auto short_y = Poisoned<Bfloat16>(n), of_float = Poisoned<Bfloat16>(n);
    auto float_rstd = Poisoned<float>(rows), other_rstd = Poisoned<float>(rows);
    auto short_dx = Convert<Bfloat16>(start);
    auto float_dweight = Convert<float>(dweight);

    RmsNormForward(rows, size, x.data(), weight.data(), kEps, y.data(), rstd.data());
    RmsNormBackward(rows, size, dy.data(), x.data(), weight.data(), rstd.data(), dx.data(),
                    dweight.data());
    RmsNormForward(rows, size, short_x.data(), float_weight.data(), kEps, short_y.data(),
                   float_rstd.data());
    RmsNormForward(rows, size, float_x.data(), float_weight.data(), kEps, of_float.data(),
                   other_rstd.data());
    RmsNormBackward(rows, size, short_dy.data(), short_x.data(), float_weight.data(),
                    float_rstd.data(), short_dx.data(), float_dweight.data());
    ExpectRounded(short_y, y);
    ExpectClose(float_rstd, rstd, 2e-6);
    ExpectRounded(short_dx, dx);
    ExpectClose(float_dweight, dweight, 2e-6);
    EXPECT_EQ(of_float, short_y);
    EXPECT_EQ(other_rstd, float_rstd);
  }
}

TEST(RmsNorm, Bfloat16HasTheSameBitsForAnyThreads) {
  for (const auto& s : kCases) {
    ExpectSameBitsForAnyThreads([&] {
      const int64_t n = s.rows * s.size;
      const auto x = Convert<Bfloat16>(RandomDoubles(n, 1));
      const auto dy = Convert<Bfloat16>(RandomDoubles(n, 3));
      const auto weight = RandomFloats(s.size, 2);
      auto y = Poisoned<Bfloat16>(n);
      std::vector<Bfloat16> dx(n);
      std::vector<float> rstd(s.rows), dweight(s.size);
      RmsNormForward(s.rows, s.size, x.data(), weight.data(), kEps, y.data(), rstd.data());
      RmsNormBackward(s.rows, s.size, dy.data(), x.data(), weight.data(), rstd.data(), dx.data(),
                      dweight.data());
      return Joined<float>(
          {Convert<float>(Widened(y)), rstd, Convert<float>(Widened(dx)), dweight});
    });
  }
}

}  // namespace
}  // namespace ropewalk
