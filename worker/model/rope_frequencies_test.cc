#include "worker/model/rope_frequencies.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "gtest/gtest.h"

namespace ropewalk {
namespace {

constexpr int64_t kPairs = 8;

ModelConfig ConfigOf(const RopeConfig& rope) {
  ModelConfig config;
  config.head_dim = 2 * kPairs;
  config.max_position_embeddings = 64;
  config.rope = rope;
  return config;
}

std::vector<double> Frequencies(const RopeConfig& rope, int64_t length = 1) {
  std::vector<double> frequencies(kPairs);
  RopeFrequencies(ConfigOf(rope), length, absl::MakeSpan(frequencies));
  return frequencies;
}

const std::vector<double>& Plain() {
  static const auto* plain = new std::vector<double>(Frequencies({}));
  return *plain;
}

TEST(RopeFrequencies, FallFromOneTowardsTheInverseOfTheta) {
  for (int64_t i = 0; i < kPairs; ++i) {
    EXPECT_DOUBLE_EQ(Plain()[i], std::pow(10000.0, -i / 8.0));
  }
}

TEST(RopeFrequencies, LinearDividesAllByTheFactor) {
  const auto linear = Frequencies({.kind = RopeKind::kLinear, .factor = 4});
  for (int64_t i = 0; i < kPairs; ++i) EXPECT_DOUBLE_EQ(linear[i], Plain()[i] / 4);
}

TEST(RopeFrequencies, DynamicStretchesOnlyLongSequences) {
  const RopeConfig rope = {.kind = RopeKind::kDynamic, .factor = 2};
  EXPECT_EQ(Frequencies(rope, 64), Plain());
  const auto longer = Frequencies(rope, 128);
  EXPECT_DOUBLE_EQ(longer[0], 1);
  // theta' = theta * 3^(d / (d - 2)), so that the slowest pair turns as if divided by 3.
  EXPECT_NEAR(longer[7], Plain()[7] / 3, 1e-15);
}

TEST(RopeFrequencies, YarnKeepsFastPairsAndDividesSlowOnes) {
  RopeConfig rope = {
      .kind = RopeKind::kYarn, .theta = 100, .factor = 4, .original_max_position_embeddings = 200};
  const auto plain = Frequencies({.theta = 100}), yarn = Frequencies(rope);
  EXPECT_DOUBLE_EQ(yarn[0], plain[0]);
  EXPECT_DOUBLE_EQ(yarn[7], plain[7] / 4);
  EXPECT_TRUE(yarn[3] < plain[3] && yarn[3] > plain[3] / 4);
  rope.truncate = false;
  EXPECT_NE(Frequencies(rope), yarn);
}

TEST(RopeFrequencies, Llama3DividesLongWavelengths) {
  const auto llama = Frequencies({.kind = RopeKind::kLlama3,
                                  .factor = 8,
                                  .original_max_position_embeddings = 32,
                                  .low_freq_factor = 1,
                                  .high_freq_factor = 4});
  EXPECT_DOUBLE_EQ(llama[0], Plain()[0]);      // turns 5 times within 32 tokens
  EXPECT_DOUBLE_EQ(llama[7], Plain()[7] / 8);  // turns less than once
  const double turns = 32 * Plain()[1] / (2 * std::numbers::pi), smooth = (turns - 1) / 3;
  EXPECT_NEAR(llama[1], Plain()[1] * ((1 - smooth) / 8 + smooth), 1e-15);
}

TEST(RopeFrequencies, LongRopeChoosesItsFactorsByTheLength) {
  RopeConfig rope = {.kind = RopeKind::kLongRope, .original_max_position_embeddings = 32};
  for (int64_t i = 0; i < kPairs; ++i) {
    rope.short_factor.push_back(1 + 0.1 * i);
    rope.long_factor.push_back(1 + i);
  }
  for (int64_t i = 0; i < kPairs; ++i) {
    EXPECT_DOUBLE_EQ(Frequencies(rope, 32)[i], Plain()[i] / rope.short_factor[i]);
    EXPECT_DOUBLE_EQ(Frequencies(rope, 33)[i], Plain()[i] / rope.long_factor[i]);
  }
}

}  // namespace
}  // namespace ropewalk
