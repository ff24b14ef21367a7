#include "worker/optim/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// Test numbers with no pattern.
float Noise(int64_t i) { return static_cast<float>(std::sin(12.9898 * i) * 1.7); }

// A parameter vector with its optimiser state.
struct State {
  explicit State(std::vector<float> start) : p(std::move(start)), m(p.size()), v(p.size()) {}

  void Step(const AdamWOptions& options, double lr, int64_t step, const std::vector<float>& g,
            const std::vector<DecayRange>& decay) {
    AdamWStep(options, lr, step, g, decay, absl::MakeSpan(p), absl::MakeSpan(m), absl::MakeSpan(v));
  }

  std::vector<float> p, m, v;
};

// The definition in double precision, one element.
void ReferenceStep(const AdamWOptions& o, double lr, int64_t step, double g, bool decays, double* p,
                   double* m, double* v) {
  if (decays) *p -= lr * o.weight_decay * *p;
  *m = o.beta1 * *m + (1 - o.beta1) * g;
  *v = o.beta2 * *v + (1 - o.beta2) * g * g;
  const double m_hat = *m / (1 - std::pow(o.beta1, step));
  const double v_hat = *v / (1 - std::pow(o.beta2, step));
  *p -= lr * m_hat / (std::sqrt(v_hat) + o.epsilon);
}

TEST(AdamW, FirstStepMovesByTheLearningRate) {
  State state({1.0f});
  state.Step({}, 0.1, 1, {-3.0f}, {});
  EXPECT_FLOAT_EQ(state.p[0], 1.1f);
  EXPECT_FLOAT_EQ(state.m[0], -0.3f);
  EXPECT_FLOAT_EQ(state.v[0], 0.009f);
}

// By hand, beta1 = beta2 = 1/2, lr = 1: m = 1 then 3/2, v = 2 then 3;
// p = 10 - 2/2 = 9, then 9 - (3/2 / 3/4) / sqrt(3 / 3/4) = 9 - 2/2 = 8.
TEST(AdamW, SecondStepIsAsComputedByHand) {
  State state({10.0f});
  const AdamWOptions options{0.5, 0.5, 0.0, 0.0};
  state.Step(options, 1.0, 1, {2.0f}, {});
  EXPECT_FLOAT_EQ(state.p[0], 9.0f);
  state.Step(options, 1.0, 2, {2.0f}, {});
  EXPECT_FLOAT_EQ(state.p[0], 8.0f);
  EXPECT_FLOAT_EQ(state.m[0], 1.5f);
  EXPECT_FLOAT_EQ(state.v[0], 3.0f);
}

TEST(AdamW, DecayActsInItsRangesAlone) {
  State state(std::vector<float>(6, 1.0f));
  state.Step({0.9, 0.999, 1e-8, 0.5}, 0.1, 1, std::vector<float>(6, 0.0f), {{1, 2}, {4, 1}});
  EXPECT_EQ(state.p, (std::vector<float>{1.0f, 0.95f, 0.95f, 1.0f, 0.95f, 1.0f}));
}

TEST(AdamW, FollowsItsDefinitionForTwentySteps) {
  constexpr int kSize = 37;
  const AdamWOptions options{0.9, 0.99, 1e-8, 0.1};
  State state(std::vector<float>(kSize, 0.0f));
  std::vector<double> p(kSize), m(kSize, 0), v(kSize, 0);
  for (int i = 0; i < kSize; ++i) p[i] = state.p[i] = Noise(i);
  for (int step = 1; step <= 20; ++step) {
    std::vector<float> g(kSize);
    for (int i = 0; i < kSize; ++i) g[i] = Noise(1000 * step + i);
    state.Step(options, 1e-2, step, g, {{5, 10}});
    for (int i = 0; i < kSize; ++i) {
      ReferenceStep(options, 1e-2, step, g[i], i >= 5 && i < 15, &p[i], &m[i], &v[i]);
    }
  }
  for (int i = 0; i < kSize; ++i) EXPECT_NEAR(state.p[i], p[i], 2e-6) << i;
}

// tests/golden/make_adamw.py says how the file came about.
TEST(AdamW, DoesAsPyTorchDoes) {
  const auto golden = nlohmann::json::parse(std::ifstream("tests/golden/adamw.json"));
  const auto& o = golden["options"];
  const AdamWOptions options{o["beta1"], o["beta2"], o["epsilon"], o["weight_decay"]};
  State state(golden["start"].get<std::vector<float>>());
  const std::vector<DecayRange> all = {{0, static_cast<int64_t>(state.p.size())}};
  ASSERT_EQ(golden["gradients"].size(), 20u);
  for (int step = 1; step <= 20; ++step) {
    state.Step(options, o["learning_rate"], step, golden["gradients"][step - 1], all);
    const std::vector<float> after = golden["after"][step - 1];
    for (size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(state.p[i], after[i], 5e-7) << step;
  }
}

TEST(AdamW, ZeroGradientFromTheStartMovesNothing) {
  State state({0.25f, -8.0f});
  state.Step({}, 0.1, 1, {0.0f, 0.0f}, {});
  EXPECT_EQ(state.p, (std::vector<float>{0.25f, -8.0f}));
}

TEST(AdamW, SameBitsForAnyNumberOfThreads) {
  constexpr int kSize = 10007;
  std::vector<float> g(kSize);
  for (int i = 0; i < kSize; ++i) g[i] = Noise(i);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 5}) {
    SetThreads(threads);
    State state(std::vector<float>(kSize, 0.5f));
    state.Step({0.9, 0.999, 1e-8, 0.1}, 1e-3, 1, g, {{17, 4000}, {5000, 5000}});
    results.push_back(state.p);
  }
  SetThreads(1);
  for (const std::vector<float>& result : results) EXPECT_EQ(result, results[0]);
}

}  // namespace
}  // namespace ropewalk
