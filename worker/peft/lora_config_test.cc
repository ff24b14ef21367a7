#include "worker/peft/lora_config.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

std::vector<LinearPlace> Places() { return LinearPlaces(testing::TinyConfig()); }

// q_proj and v_proj of both layers.
LoraConfig Config() { return {.rank = 4, .alpha = 8, .places = {0, 2, 7, 9}}; }

TEST(LoraConfig, TakesRanksFromTheFirstKeyThatMatches) {
  LoraConfig config = Config();
  ASSERT_TRUE(ApplyRankPattern(Places(),
                               {{"layers\\.1\\..*", 2}, {"q_proj", 3}, {"proj", 9}, {"v_proj", 4}},
                               &config)
                  .ok());
  EXPECT_EQ(config.RankAt(0), 3);
  EXPECT_EQ(config.RankAt(2), 4);
  EXPECT_EQ(config.RankAt(7), 2);
  EXPECT_EQ(config.RankAt(9), 2);
  EXPECT_EQ(config.ranks.size(), 3u);  // v_proj has the usual one
  EXPECT_EQ(config.ScaleAt(7), 4.0);
  EXPECT_EQ(LoraLayout(Places(), config).entries[0].shape, (std::vector<int64_t>{3, 16}));
}

TEST(LoraConfig, RefusesAKeyThatIsNoPattern) {
  LoraConfig config = Config();
  EXPECT_THAT(ApplyAlphaPattern(Places(), {{"(", 1.0}}, &config).message(),
              ::testing::HasSubstr("alpha_pattern"));
}

TEST(LoraConfig, StabilisedRanksScaleByTheRoot) {
  LoraConfig config = Config();
  config.ranks = {{0, 2}, {2, 9}};
  config.alphas = {{2, 3.0}};
  StabilizeRanks(&config);
  EXPECT_DOUBLE_EQ(config.ScaleAt(7), 8 / std::sqrt(4.0));
  EXPECT_DOUBLE_EQ(config.ScaleAt(0), 8 / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(config.ScaleAt(2), 3 / std::sqrt(9.0));
  EXPECT_EQ(config.alphas.count(9), 0u);
}

TEST(LoraConfig, LoraPlusRaisesTheRateOfBAndMagnitudes) {
  LoraConfig config = Config();
  config.dora = true;
  config.b_learning_rate_factor = 16;
  const ParameterLayout layout = LoraLayout(Places(), config);
  EXPECT_EQ(layout.entries[0].learning_rate_factor, 1);
  EXPECT_EQ(layout.entries[1].learning_rate_factor, 16);
  EXPECT_EQ(layout.entries[2].learning_rate_factor, 16);
  EXPECT_EQ(layout.entries[2].name,
            "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector");
  EXPECT_FALSE(layout.entries[2].decay);
}

}  // namespace
}  // namespace ropewalk
