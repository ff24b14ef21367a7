#include "worker/train/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "worker/optim/gradient_norm.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

std::vector<float> Noise(int64_t n, uint32_t seed, float magnitude = 1.0f) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, magnitude);
  std::vector<float> x(n);
  for (float& value : x) value = normal(random);
  return x;
}

std::vector<uint8_t> Measure(const std::vector<std::vector<float>>& terms) {
  std::vector<uint8_t> exponents(BlockCount(terms[0].size()), 0);
  for (const auto& term : terms) MaxExponents(term, absl::MakeSpan(exponents));
  return exponents;
}

TEST(FixedPoint, LeavesRoomForEveryTerm) {
  EXPECT_EQ(FractionBits(1), 30);
  EXPECT_EQ(FractionBits(2), 29);
  EXPECT_EQ(FractionBits(3), 28);
  EXPECT_EQ(FractionBits(8), 27);
  EXPECT_EQ(FractionBits(9), 26);
}

TEST(FixedPoint, ExponentCoversTheLargestMagnitude) {
  std::vector<float> x(300, 0.25f);
  x[10] = -1.5f;
  x[299] = 0;
  const std::vector<uint8_t> exponents = Measure({x});
  ASSERT_EQ(exponents.size(), 2u);
  EXPECT_EQ(exponents[0], 127);  // 1 <= 1.5 < 2
  EXPECT_EQ(exponents[1], 125);
}

TEST(FixedPoint, ZerosAndSubnormalsMeasureZero) {
  const std::vector<float> x(5, std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(Measure({x})[0], 0);
}

TEST(FixedPoint, InfinityAndNanAreSeen) {
  std::vector<float> x(5, 1.0f);
  x[3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Measure({x})[0], kNonFinite);
  x[3] = std::nanf("");
  EXPECT_EQ(Measure({x})[0], kNonFinite);
}

TEST(FixedPoint, SumDoesNotDependOnTheOrderOrTheGrouping) {
  constexpr int64_t kSize = 1000;
  std::vector<std::vector<float>> terms;
  for (int m = 0; m < 7; ++m) terms.push_back(Noise(kSize, m, std::pow(10.0f, m - 4)));
  const std::vector<uint8_t> scales = Measure(terms);
  const int bits = FractionBits(terms.size());

  std::vector<int32_t> forward(kSize, 0), backward(kSize, 0), left(kSize, 0), right(kSize, 0);
  for (int m = 0; m < 7; ++m) {
    AccumulateFixedPoint(terms[m], scales, bits, absl::MakeSpan(forward));
    AccumulateFixedPoint(terms[6 - m], scales, bits, absl::MakeSpan(backward));
    AccumulateFixedPoint(terms[m], scales, bits, absl::MakeSpan(m % 2 ? left : right));
  }
  for (int64_t i = 0; i < kSize; ++i) left[i] += right[i];
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward, left);
}

TEST(FixedPoint, SumIsCloseToTheExactOne) {
  constexpr int64_t kSize = 2000;
  std::vector<std::vector<float>> terms;
  for (int m = 0; m < 8; ++m) terms.push_back(Noise(kSize, 100 + m, 1e-3f));
  const std::vector<uint8_t> scales = Measure(terms);
  std::vector<int32_t> sums(kSize, 0);
  for (const auto& term : terms)
    AccumulateFixedPoint(term, scales, FractionBits(8), absl::MakeSpan(sums));
  std::vector<float> result(kSize);
  FromFixedPoint(sums, scales, FractionBits(8), 0.5, absl::MakeSpan(result));

  double error = 0, norm = 0;
  for (int64_t i = 0; i < kSize; ++i) {
    double exact = 0;
    for (const auto& term : terms) exact += term[i];
    error += std::pow(result[i] - exact / 2, 2);
    norm += std::pow(exact / 2, 2);
  }
  EXPECT_LT(std::sqrt(error / norm), 2e-7);
}

TEST(FixedPoint, LargestTermsDoNotOverflow) {
  for (const int terms : {1, 2, 3, 8, 64}) {
    const std::vector<float> x(3, std::nextafterf(2.0f, 0.0f));
    const std::vector<uint8_t> scales = Measure({x});
    std::vector<int32_t> sums(3, 0);
    for (int m = 0; m < terms; ++m)
      AccumulateFixedPoint(x, scales, FractionBits(terms), absl::MakeSpan(sums));
    std::vector<float> result(3);
    FromFixedPoint(sums, scales, FractionBits(terms), 1.0, absl::MakeSpan(result));
    EXPECT_NEAR(result[0] / (terms * x[0]), 1.0, 1e-6) << terms;
  }
}

TEST(FixedPoint, TheSmallestAndLargestScalesWork) {
  for (const float magnitude : {std::numeric_limits<float>::min(), 3e38f}) {
    const std::vector<float> x(1, -magnitude);
    std::vector<int32_t> sums(1, 0);
    AccumulateFixedPoint(x, Measure({x}), 27, absl::MakeSpan(sums));
    std::vector<float> result(1);
    FromFixedPoint(sums, Measure({x}), 27, 1.0, absl::MakeSpan(result));
    EXPECT_FLOAT_EQ(result[0], -magnitude);
  }
}

TEST(FixedPoint, OnePassMeasuresAndAccumulatesAsTwoDo) {
  const std::vector<float> x = Noise(5001, 1);
  std::vector<uint8_t> scales = Measure({x});
  for (uint8_t& scale : scales) scale += 3;
  scales[2] = 0;  // never seen but zeros
  std::vector<int32_t> together(x.size(), 3), apart = together;
  std::vector<uint8_t> exponents(scales.size(), 5);
  MeasureAndAccumulate(x, scales, 27, absl::MakeSpan(exponents), absl::MakeSpan(together));
  AccumulateFixedPoint(x, scales, 27, absl::MakeSpan(apart));
  EXPECT_EQ(together, apart);
  EXPECT_EQ(exponents, Measure({x}));
}

TEST(FixedPoint, TheNormIsThatOfTheNumbers) {
  const std::vector<float> x = Noise(10001, 1);
  const std::vector<uint8_t> scales = Measure({x});
  std::vector<int32_t> sums(x.size());
  AccumulateFixedPoint(x, scales, 27, absl::MakeSpan(sums));
  std::vector<float> alone(x.size()), together(x.size());
  const double norm = FromFixedPoint(sums, scales, 27, 0.3, absl::MakeSpan(alone));
  EXPECT_EQ(norm, GradientNorm(alone));
  SetThreads(3);
  EXPECT_EQ(FromFixedPoint(sums, scales, 27, 0.3, absl::MakeSpan(together)), norm);
  SetThreads(1);
  EXPECT_EQ(together, alone);
}

}  // namespace
}  // namespace ropewalk
