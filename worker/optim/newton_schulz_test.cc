#include "worker/optim/newton_schulz.h"

#include <gtest/gtest.h>

#include <vector>

#include "worker/optim/optimizer_testing.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// The iteration's polynomial on a single singular value.
double OnSingularValue(double s) {
  for (int step = 0; step < 5; ++step) {
    s = 3.4445 * s - 4.7750 * s * s * s + 2.0315 * s * s * s * s * s;
  }
  return s;
}

TEST(NewtonSchulz, MapsSingularValuesByItsPolynomial) {
  std::vector<float> x = {3, 0, 0, 0, 0, 4};  // 2 x 3, singular values 3 and 4
  NewtonSchulz(2, 3, absl::MakeSpan(x));
  EXPECT_NEAR(x[0], OnSingularValue(0.6), 1e-5);
  EXPECT_NEAR(x[5], OnSingularValue(0.8), 1e-5);
  EXPECT_EQ(x[1], 0.0f);
}

TEST(NewtonSchulz, TreatsATransposeAlike) {
  constexpr int kRows = 70, kColumns = 9;
  const std::vector<float> x = testing::Noise(kRows * kColumns, 3);
  std::vector<float> tall = x, wide(x.size());
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j) wide[j * kRows + i] = x[i * kColumns + j];
  }
  NewtonSchulz(kRows, kColumns, absl::MakeSpan(tall));
  NewtonSchulz(kColumns, kRows, absl::MakeSpan(wide));
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kColumns; ++j) {
      EXPECT_NEAR(tall[i * kColumns + j], wide[j * kRows + i], 1e-6);
    }
  }
}

TEST(NewtonSchulz, LeavesZerosZero) {
  std::vector<float> x(6);
  NewtonSchulz(2, 3, absl::MakeSpan(x));
  EXPECT_EQ(x, std::vector<float>(6));
}

TEST(NewtonSchulz, SameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 5}) {
    SetThreads(threads);
    results.push_back(testing::Noise(67 * 131, 1));
    NewtonSchulz(67, 131, absl::MakeSpan(results.back()));
  }
  SetThreads(1);
  for (const std::vector<float>& result : results) EXPECT_EQ(result, results[0]);
}

}  // namespace
}  // namespace ropewalk
