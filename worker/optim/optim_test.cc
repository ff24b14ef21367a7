#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "worker/optim/adamw.h"
#include "worker/optim/gradient_norm.h"
#include "worker/optim/schedule.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// Test numbers with no pattern.
float Noise(int64_t i) { return static_cast<float>(std::sin(12.9898 * i) * 1.7); }

TEST(Schedule, RisesDuringWarmUpFromTheFirstStep) {
  const ScheduleOptions options{ScheduleKind::kCosine, 1.0, 0.1, 100};
  EXPECT_DOUBLE_EQ(LearningRate(options, 0), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(options, 4), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(options, 9), 1.0);
  EXPECT_DOUBLE_EQ(LearningRate(options, 10), 1.0);
}

TEST(Schedule, FallsByItsKind) {
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kConstant, 2.0, 0, 100}, 99), 2.0);
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kLinear, 2.0, 0, 100}, 50), 1.0);
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kCosine, 2.0, 0, 100}, 50), 1.0);
  EXPECT_NEAR(LearningRate({ScheduleKind::kCosine, 2.0, 0, 100}, 100), 0.0, 1e-12);
  EXPECT_NEAR(LearningRate({ScheduleKind::kCosine, 1.0, 0, 4}, 1), 0.5 * (1 + std::sqrt(0.5)), 1e-12);
}

TEST(Schedule, OneStepWithWarmUpIsAtThePeak) {
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kCosine, 3.0, 0.03, 1}, 0), 3.0);
}

// The definition in double precision, element by element.
void ReferenceAdamW(const AdamWOptions& o, double lr, int64_t step, double g, bool decays, double* p, double* m, double* v) {
  if (decays) *p -= lr * o.weight_decay * *p;
  *m = o.beta1 * *m + (1 - o.beta1) * g;
  *v = o.beta2 * *v + (1 - o.beta2) * g * g;
  const double m_hat = *m / (1 - std::pow(o.beta1, step)), v_hat = *v / (1 - std::pow(o.beta2, step));
  *p -= lr * m_hat / (std::sqrt(v_hat) + o.epsilon);
}

TEST(AdamW, FollowsItsDefinitionForTwentySteps) {
  constexpr int kSize = 37;
  const AdamWOptions options{0.9, 0.99, 1e-8, 0.1};
  std::vector<float> p(kSize), m(kSize, 0), v(kSize, 0), g(kSize);
  std::vector<double> rp(kSize), rm(kSize, 0), rv(kSize, 0);
  for (int i = 0; i < kSize; ++i) rp[i] = p[i] = Noise(i);
  for (int step = 1; step <= 20; ++step) {
    for (int i = 0; i < kSize; ++i) g[i] = Noise(1000 * step + i);
    AdamWStep(options, 1e-2, step, g, {{5, 10}}, absl::MakeSpan(p), absl::MakeSpan(m), absl::MakeSpan(v));
    for (int i = 0; i < kSize; ++i) ReferenceAdamW(options, 1e-2, step, g[i], i >= 5 && i < 15, &rp[i], &rm[i], &rv[i]);
  }
  for (int i = 0; i < kSize; ++i) EXPECT_NEAR(p[i], rp[i], 2e-6) << i;
}

TEST(AdamW, FirstStepMovesByTheLearningRate) {
  std::vector<float> p = {1.0f}, m = {0}, v = {0};
  AdamWStep({}, 0.1, 1, {-3.0f}, {}, absl::MakeSpan(p), absl::MakeSpan(m), absl::MakeSpan(v));
  EXPECT_NEAR(p[0], 1.1f, 1e-6);
}

TEST(AdamW, SameBitsForOneAndTwoThreads) {
  constexpr int kSize = 10007;
  std::vector<float> results[2];
  for (int threads = 1; threads <= 2; ++threads) {
    SetThreads(threads);
    std::vector<float> p(kSize, 0.5f), m(kSize, 0), v(kSize, 0), g(kSize);
    for (int i = 0; i < kSize; ++i) g[i] = Noise(i);
    AdamWStep({}, 1e-3, 1, g, {}, absl::MakeSpan(p), absl::MakeSpan(m), absl::MakeSpan(v));
    results[threads - 1] = p;
  }
  SetThreads(1);
  EXPECT_EQ(results[0], results[1]);
}

TEST(GradientNorm, IsTheEuclideanOne) {
  EXPECT_DOUBLE_EQ(GradientNorm(std::vector<float>{3, -4}), 5.0);
  EXPECT_DOUBLE_EQ(GradientNorm({}), 0.0);
}

TEST(GradientNorm, SameBitsForOneAndTwoThreads) {
  std::vector<float> g(100001);
  for (size_t i = 0; i < g.size(); ++i) g[i] = Noise(i);
  SetThreads(1);
  const double one = GradientNorm(g);
  SetThreads(2);
  const double two = GradientNorm(g);
  SetThreads(1);
  EXPECT_EQ(one, two);
}

TEST(GradientNorm, ClipsOnlyWhatIsAbove) {
  EXPECT_EQ(ClipScale(0.5, 1.0), 1.0);
  EXPECT_EQ(ClipScale(4.0, 1.0), 0.25);
  EXPECT_EQ(ClipScale(4.0, 0.0), 1.0);
  std::vector<float> g = {3, -4};
  ScaleGradient(ClipScale(5.0, 1.0), absl::MakeSpan(g));
  EXPECT_FLOAT_EQ(g[0], 0.6f);
}

}  // namespace
}  // namespace ropewalk
