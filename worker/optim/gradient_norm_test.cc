#include "worker/optim/gradient_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// Numbers with no pattern.
std::vector<float> Noise(int n) {
  std::vector<float> noise(n);
  for (int i = 0; i < n; ++i) noise[i] = static_cast<float>(std::sin(12.9898 * i) * 1.7);
  return noise;
}

TEST(GradientNorm, IsTheEuclideanOne) {
  EXPECT_DOUBLE_EQ(GradientNorm(std::vector<float>{3, -4}), 5.0);
  EXPECT_DOUBLE_EQ(GradientNorm({}), 0.0);
}

TEST(GradientNorm, CountsEveryElementOnceForAnySize) {
  for (const int n : {1, 15, 16, 17, 4095, 4096, 4097, 8200, 10007}) {
    EXPECT_DOUBLE_EQ(GradientNorm(std::vector<float>(n, 2.0f)), std::sqrt(4.0 * n)) << n;
  }
}

TEST(GradientNorm, NeitherOverflowsNorLosesSmallElements) {
  EXPECT_DOUBLE_EQ(GradientNorm(std::vector<float>{3e38f}), static_cast<double>(3e38f));
  EXPECT_DOUBLE_EQ(GradientNorm(std::vector<float>{1e-40f}), static_cast<double>(1e-40f));
}

TEST(GradientNorm, IsNotFiniteIfAnElementIsNot) {
  std::vector<float> g = Noise(5000);
  g[4999] = NAN;
  EXPECT_TRUE(std::isnan(GradientNorm(g)));
  g[4999] = INFINITY;
  EXPECT_TRUE(std::isinf(GradientNorm(g)));
}

TEST(GradientNorm, SameBitsForAnyNumberOfThreads) {
  const std::vector<float> g = Noise(100001);
  SetThreads(1);
  const double one = GradientNorm(g);
  for (const int threads : {2, 3, 5}) {
    SetThreads(threads);
    EXPECT_EQ(GradientNorm(g), one);
  }
  SetThreads(1);
}

TEST(GradientNorm, IsTheSameOfAGradientAsItIsWritten) {
  for (const int n : {0, 1, 4096, 10001}) {
    const std::vector<float> x = Noise(n);
    std::vector<float> half = x, written(n);
    ScaleGradient(0.5, absl::MakeSpan(half));
    EXPECT_EQ(ScaledGradient(0.5f, x, absl::MakeSpan(written)), GradientNorm(half));
    EXPECT_EQ(written, half);
  }
}

TEST(ClipScale, ScalesOnlyWhatIsAbove) {
  EXPECT_EQ(ClipScale(0.5, 1.0), 1.0);
  EXPECT_EQ(ClipScale(1.0, 1.0), 1.0);
  EXPECT_EQ(ClipScale(4.0, 1.0), 0.25);
}

TEST(ClipScale, ZeroMeansNever) { EXPECT_EQ(ClipScale(4.0, 0.0), 1.0); }

TEST(ScaleGradient, BringsTheNormDown) {
  std::vector<float> g = {3, -4};
  ScaleGradient(ClipScale(GradientNorm(g), 1.0), absl::MakeSpan(g));
  EXPECT_FLOAT_EQ(g[0], 0.6f);
  EXPECT_FLOAT_EQ(g[1], -0.8f);
}

}  // namespace
}  // namespace ropewalk
