#include "worker/generate/sampling.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

SamplingOptions OptionsOf(const Json& json) {
  SamplingOptions options;
  options.temperature = json.value("temperature", 1.0);
  options.top_k = json.value("top_k", 0);
  options.top_p = json.value("top_p", 1.0);
  options.min_p = json.value("min_p", 0.0);
  options.repetition_penalty = json.value("repetition_penalty", 1.0);
  return options;
}

// What transformers' logits processors leave; tests/golden/generate/make_generate.py.
TEST(Sampler, LeavesWhatTransformersLeaves) {
  std::ifstream file("tests/golden/generate/sampling.json");
  const Json cases = Json::parse(file);
  ASSERT_GT(cases.size(), 40u);
  Sampler sampler;
  for (const Json& golden : cases) {
    SCOPED_TRACE(golden["options"].dump());
    const auto logits = golden["logits"].get<std::vector<float>>();
    const auto text = golden["text"].get<std::vector<int32_t>>();
    const auto candidates = sampler.Distribution(OptionsOf(golden["options"]), logits, text);
    ASSERT_EQ(candidates.size(), golden["allowed"].size());
    for (size_t i = 0; i < candidates.size(); ++i) {
      EXPECT_EQ(candidates[i].token, golden["allowed"][i]);
      EXPECT_NEAR(candidates[i].probability, golden["probabilities"][i].get<double>(), 1e-6);
    }
  }
}

TEST(Sampler, PicksTokensAsOftenAsTheyAreLikely) {
  const std::vector<float> logits = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  SamplingOptions options{.temperature = 1, .seed = 3};
  Sampler sampler;
  std::vector<int> counts(3);
  constexpr int kDraws = 20000;
  for (options.sequence = 0; options.sequence < kDraws; ++options.sequence) {
    ++counts[sampler.Pick(options, logits, {0})];
  }
  EXPECT_NEAR(counts[0], 0.5 * kDraws, 300);
  EXPECT_NEAR(counts[1], 0.3 * kDraws, 300);
  EXPECT_NEAR(counts[2], 0.2 * kDraws, 300);
}

TEST(Sampler, DrawsAnewForEachSeedSequenceAndPosition) {
  const std::vector<float> logits(1000, 0.0f);
  Sampler sampler;
  const SamplingOptions options{.temperature = 1};
  const int32_t token = sampler.Pick(options, logits, {1, 2});
  EXPECT_EQ(sampler.Pick(options, logits, {3, 4}), token);
  EXPECT_NE(sampler.Pick(options, logits, {1, 2, 3}), token);
  EXPECT_NE(sampler.Pick({.temperature = 1, .seed = 1}, logits, {1, 2}), token);
  EXPECT_NE(sampler.Pick({.temperature = 1, .sequence = 1}, logits, {1, 2}), token);
}

TEST(Sampler, GreedyHeedsTheRepetitionPenaltyAndTakesTheLowestOfEquals) {
  Sampler sampler;
  EXPECT_EQ(sampler.Pick({}, {1.0f, 3.0f, 3.0f}, {}), 1);
  EXPECT_EQ(sampler.Pick({.repetition_penalty = 2}, {1.0f, 3.0f, 2.0f}, {1, 1}), 2);
}

TEST(Sampler, SurvivesWhatIsNotANumber) {
  Sampler sampler;
  const std::vector<float> logits = {NAN, -kInfinity, 2.0f, kInfinity, NAN};
  const SamplingOptions options{.temperature = 0.5, .top_k = 3, .top_p = 0.9, .min_p = 0.1};
  EXPECT_EQ(sampler.Pick(options, logits, {0}), 3);
  EXPECT_GE(sampler.Pick(options, std::vector<float>(4, NAN), {0}), 0);
}

TEST(Sampler, RefusesValuesOutOfRange) {
  EXPECT_TRUE(CheckSampling({}).ok());
  for (const SamplingOptions& options :
       {SamplingOptions{.temperature = -1}, SamplingOptions{.temperature = NAN},
        SamplingOptions{.top_k = -1}, SamplingOptions{.top_p = 0}, SamplingOptions{.top_p = 1.1},
        SamplingOptions{.min_p = -0.1}, SamplingOptions{.repetition_penalty = 0}}) {
    EXPECT_EQ(CheckSampling(options).code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace ropewalk
