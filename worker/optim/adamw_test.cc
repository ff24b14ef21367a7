#include "worker/optim/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "worker/optim/optimizer_testing.h"

namespace ropewalk {
namespace {

using testing::Noise;
using testing::Training;

// The definition in double precision, one element.
void ReferenceStep(const OptimizerOptions& o, double lr, int64_t step, double g, bool decays,
                   double* p, double* m, double* v) {
  if (decays) *p -= lr * o.weight_decay * *p;
  *m = o.beta1 * *m + (1 - o.beta1) * g;
  *v = o.beta2 * *v + (1 - o.beta2) * g * g;
  const double m_hat = *m / (1 - std::pow(o.beta1, step));
  const double v_hat = *v / (1 - std::pow(o.beta2, step));
  *p -= lr * m_hat / (std::sqrt(v_hat) + o.epsilon);
}

TEST(AdamW, FirstStepMovesByTheLearningRate) {
  Training training({}, {{0, 1}}, {1.0f});
  training.Step(0.1, {-3.0f});
  EXPECT_FLOAT_EQ(training.p[0], 1.1f);
  EXPECT_FLOAT_EQ(training.state.floats["adam_m"][0], -0.3f);
  EXPECT_FLOAT_EQ(training.state.floats["adam_v"][0], 0.009f);
}

// By hand, beta1 = beta2 = 1/2, lr = 1: m = 1 then 3/2, v = 2 then 3;
// p = 10 - 2/2 = 9, then 9 - (3/2 / 3/4) / sqrt(3 / 3/4) = 9 - 2/2 = 8.
TEST(AdamW, SecondStepIsAsComputedByHand) {
  Training training({.beta1 = 0.5, .beta2 = 0.5, .epsilon = 0}, {{0, 1}}, {10.0f});
  training.Step(1.0, {2.0f});
  EXPECT_FLOAT_EQ(training.p[0], 9.0f);
  training.Step(1.0, {2.0f});
  EXPECT_FLOAT_EQ(training.p[0], 8.0f);
  EXPECT_FLOAT_EQ(training.state.floats["adam_m"][0], 1.5f);
  EXPECT_FLOAT_EQ(training.state.floats["adam_v"][0], 3.0f);
}

TEST(AdamW, DecayActsInItsTensorsAlone) {
  Training training({.weight_decay = 0.5},
                    {{.offset = 0, .rows = 1, .decay = false},
                     {.offset = 1, .rows = 2},
                     {.offset = 3, .rows = 1, .decay = false},
                     {.offset = 4, .rows = 1, .learning_rate_factor = 2},
                     {.offset = 5, .rows = 1, .decay = false}},
                    std::vector<float>(6, 1.0f));
  training.Step(0.1, std::vector<float>(6, 0.0f));
  EXPECT_EQ(training.p, (std::vector<float>{1.0f, 0.95f, 0.95f, 1.0f, 0.9f, 1.0f}));
}

TEST(AdamW, FollowsItsDefinitionForTwentySteps) {
  constexpr int kSize = 37;
  const OptimizerOptions options{.beta2 = 0.99, .weight_decay = 0.1};
  Training training(options,
                    {{.offset = 0, .rows = 5, .decay = false},
                     {.offset = 5, .rows = 10},
                     {.offset = 15, .rows = 22, .decay = false}},
                    Noise(kSize, 0));
  std::vector<double> p(training.p.begin(), training.p.end()), m(kSize, 0), v(kSize, 0);
  for (int step = 1; step <= 20; ++step) {
    const std::vector<float> g = Noise(kSize, 1000 * step);
    training.Step(1e-2, g);
    for (int i = 0; i < kSize; ++i) {
      ReferenceStep(options, 1e-2, step, g[i], i >= 5 && i < 15, &p[i], &m[i], &v[i]);
    }
  }
  for (int i = 0; i < kSize; ++i) EXPECT_NEAR(training.p[i], p[i], 2e-6) << i;
}

// tests/golden/make_adamw.py says how the file came about.
TEST(AdamW, DoesAsPyTorchDoes) {
  const auto golden = nlohmann::json::parse(std::ifstream("tests/golden/adamw.json"));
  const auto& o = golden["options"];
  const OptimizerOptions options{.beta1 = o["beta1"],
                                 .beta2 = o["beta2"],
                                 .epsilon = o["epsilon"],
                                 .weight_decay = o["weight_decay"]};
  const std::vector<float> start = golden["start"];
  Training training(options, {{0, static_cast<int64_t>(start.size())}}, start);
  ASSERT_EQ(golden["gradients"].size(), 20u);
  for (int step = 0; step < 20; ++step) {
    training.Step(o["learning_rate"], golden["gradients"][step]);
    const std::vector<float> after = golden["after"][step];
    for (size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(training.p[i], after[i], 5e-7) << step;
  }
}

TEST(AdamW, ZeroGradientFromTheStartMovesNothing) {
  Training training({}, {{0, 2}}, {0.25f, -8.0f});
  training.Step(0.1, {0.0f, 0.0f});
  EXPECT_EQ(training.p, (std::vector<float>{0.25f, -8.0f}));
}

}  // namespace
}  // namespace ropewalk
