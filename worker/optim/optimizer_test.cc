#include "worker/optim/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "worker/optim/gradient_norm.h"
#include "worker/optim/optimizer_testing.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

using testing::Noise;
using testing::Training;

// tests/golden/make_optimizers.py says how the file came about.
class Golden : public ::testing::Test {
 protected:
  // Steps a matrix of this shape with the file's gradients and compares it with what `name` is
  // after each step.
  void Expect(const std::string& name, const OptimizerOptions& options, double learning_rate,
              bool wide = false) {
    const int64_t rows = golden_[wide ? "columns" : "rows"];
    const int64_t columns = golden_[wide ? "rows" : "columns"];
    const OptimizedTensor tensor{.rows = rows, .columns = columns, .hidden_matrix = true};
    Training training(options, {tensor}, golden_["start"]);
    for (size_t step = 0; step < golden_["gradients"].size(); ++step) {
      training.Step(learning_rate, golden_["gradients"][step]);
      const std::vector<float> after = golden_[name][step];
      ASSERT_EQ(after.size(), training.p.size());
      for (size_t i = 0; i < after.size(); ++i) {
        ASSERT_NEAR(training.p[i], after[i], 2e-6) << name << " step " << step << " element " << i;
      }
    }
  }

  const nlohmann::json golden_ =
      nlohmann::json::parse(std::ifstream("tests/golden/optimizers.json"));
};

TEST_F(Golden, SgdDoesAsPyTorchDoes) {
  OptimizerOptions options{.kind = OptimizerKind::kSgd, .weight_decay = 0.1, .momentum = 0};
  Expect("sgd", options, 3e-2);
  options.momentum = 0.9;
  Expect("sgd_momentum", options, 3e-2);
  options.nesterov = true;
  Expect("sgd_nesterov", options, 3e-2);
}

TEST_F(Golden, LionDoesAsItsPaperSays) {
  Expect("lion", {.kind = OptimizerKind::kLion, .beta2 = 0.99, .weight_decay = 0.1}, 1e-2);
}

TEST_F(Golden, MuonDoesAsPyTorchDoesInFloat32) {
  OptimizerOptions options{
      .kind = OptimizerKind::kMuon, .weight_decay = 0.1, .momentum = 0.95, .nesterov = true};
  Expect("muon", options, 2e-2);
  options.momentum = 0.9;
  options.nesterov = false;
  options.muon_scale = MuonScale::kMatchRmsAdamW;
  Expect("muon_wide_matched", options, 2e-2, /*wide=*/true);
}

TEST_F(Golden, AdamW8BitDoesAsBitsandbytesDoes) {
  constexpr int64_t kSize = 4096 + 100;
  const OptimizerOptions options{
      .kind = OptimizerKind::kAdamW8Bit, .beta2 = 0.99, .weight_decay = 0.1};
  std::vector<float> start(kSize), g(kSize);
  for (int64_t i = 0; i < kSize; ++i) start[i] = static_cast<float>(std::sin(0.37 * i));
  Training training(options, {{0, kSize}}, start);
  for (size_t step = 0; step < golden_["adamw_8bit"].size(); ++step) {
    for (int64_t i = 0; i < kSize; ++i) {
      g[i] = static_cast<float>(std::sin(i * 12.9898 + step + 1)) *
             static_cast<float>(std::exp(-(i % 7)));
    }
    training.Step(1e-2, g);
    const std::vector<float> after = golden_["adamw_8bit"][step];
    for (size_t i = 0; i < after.size(); ++i) {
      ASSERT_NEAR(training.p[60 * i], after[i], 2e-6) << "step " << step << " element " << 60 * i;
    }
  }
}

TEST(AdamW8Bit, KeepsABytePerMomentButNotOfSmallTensors) {
  const Training training({.kind = OptimizerKind::kAdamW8Bit}, {{0, 4095}, {4095, 65, 64}},
                          std::vector<float>(4095 + 4160));
  EXPECT_EQ(training.state.bytes.at("adam_m8").size(), 4160u);
  EXPECT_EQ(training.state.floats.at("adam_m_magnitudes").size(), 17u);
  EXPECT_EQ(training.state.floats.at("adam_v").size(), 4095u);
}

TEST(Muon, MovesAllButHiddenMatricesAsAdamWDoes) {
  const std::vector<OptimizedTensor> tensors = {
      {.offset = 0, .rows = 2, .columns = 2, .hidden_matrix = true},
      {.offset = 4, .rows = 3, .decay = false}};
  Training muon({.kind = OptimizerKind::kMuon, .nesterov = true}, tensors, Noise(7, 0));
  Training adamw({}, tensors, Noise(7, 0));
  for (int step = 0; step < 3; ++step) {
    muon.Step(0.1, Noise(7, 10 * step));
    adamw.Step(0.1, Noise(7, 10 * step));
  }
  EXPECT_NE(muon.p[0], adamw.p[0]);
  for (int i = 4; i < 7; ++i) EXPECT_EQ(muon.p[i], adamw.p[i]);
}

class EveryOptimizer : public ::testing::TestWithParam<OptimizerKind> {
 protected:
  const std::vector<OptimizedTensor> tensors_ = {
      {.offset = 0, .rows = 17, .decay = false},
      {.offset = 17, .rows = 80, .columns = 70, .hidden_matrix = true},
      {.offset = 5617, .rows = 9, .columns = 100, .learning_rate_factor = 4}};
  const OptimizerOptions options_{
      .kind = GetParam(), .weight_decay = 0.1, .momentum = 0.9, .nesterov = true};
  static constexpr int64_t kSize = 6517;
};

TEST_P(EveryOptimizer, SameBitsForAnyNumberOfThreads) {
  std::vector<Training> results;
  for (const int threads : {1, 2, 3, 5}) {
    SetThreads(threads);
    results.emplace_back(options_, tensors_, Noise(kSize, 0));
    for (int step = 1; step <= 3; ++step) results.back().Step(1e-3, Noise(kSize, step));
  }
  SetThreads(1);
  for (const Training& result : results) {
    EXPECT_EQ(result.p, results[0].p);
    EXPECT_EQ(result.state, results[0].state);
  }
}

TEST_P(EveryOptimizer, ScalesTheLearningRateOfATensor) {
  Training factored(options_, tensors_, Noise(kSize, 0));
  std::vector<OptimizedTensor> plain = tensors_;
  plain[2].learning_rate_factor = 1;
  Training reference(options_, plain, Noise(kSize, 0));
  factored.Step(1e-3, Noise(kSize, 50));
  reference.Step(4e-3, Noise(kSize, 50));
  EXPECT_NE(factored.p[17], reference.p[17]);
  for (int64_t i = 5617; i < kSize; ++i) ASSERT_EQ(factored.p[i], reference.p[i]) << i;
}

TEST_P(EveryOptimizer, ScalesTheGradientAsItReadsIt) {
  Training whole(options_, tensors_, Noise(kSize, 0));
  Training scaled(options_, tensors_, Noise(kSize, 0));
  for (int step = 1; step <= 3; ++step) {
    std::vector<float> g = Noise(kSize, step);
    scaled.Step(1e-3, g, 0.3f);
    ScaleGradient(0.3, absl::MakeSpan(g));
    whole.Step(1e-3, g);
  }
  EXPECT_EQ(scaled.p, whole.p);
  EXPECT_EQ(scaled.state, whole.state);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryOptimizer,
                         ::testing::Values(OptimizerKind::kAdamW, OptimizerKind::kAdamW8Bit,
                                           OptimizerKind::kLion, OptimizerKind::kMuon,
                                           OptimizerKind::kSgd));

}  // namespace
}  // namespace ropewalk
