#include "worker/model/config_keys.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

absl::Status Check(const std::string& key, const Json& value) {
  const Json json = {{key, value}};
  return CheckConfigKeys(ConfigReader(json, "config.json"), {"rope_theta"});
}

TEST(ConfigKeys, RefusesKnownKeysThatChangeTheNumbers) {
  EXPECT_THAT(std::string(Check("attention_dropout", 0.1).message()),
              HasSubstr("config.json: 'attention_dropout' is 0.1, which is not supported; only 0"));
  EXPECT_FALSE(Check("logits_scaling", 8).ok());
  EXPECT_FALSE(Check("final_logit_softcapping", 30.0).ok());
  EXPECT_FALSE(Check("num_local_experts", 8).ok());
}

TEST(ConfigKeys, AcceptsThemAtTheirNeutralValues) {
  EXPECT_TRUE(Check("attention_dropout", 0.0).ok());
  EXPECT_TRUE(Check("logits_scaling", nullptr).ok());
  EXPECT_TRUE(Check("hidden_act", "silu").ok());
  EXPECT_TRUE(Check("pretraining_tp", 1).ok());
}

TEST(ConfigKeys, AcceptsWhatIsReadOrHarmless) {
  EXPECT_TRUE(Check("rope_theta", 1).ok());
  EXPECT_TRUE(Check("transformers_version", "5.0").ok());
  EXPECT_TRUE(Check("use_cache", true).ok());
  EXPECT_TRUE(Check("bos_token_id", 1).ok());
  EXPECT_TRUE(Check("_attn_implementation", "sdpa").ok());
  EXPECT_TRUE(Check("temperature", 0.7).ok());
  EXPECT_TRUE(Check("max_window_layers", 28).ok());
}

// What nobody knows: by its name, and by whether it says anything at all.
TEST(ConfigKeys, RefusesAnUnknownKeyThatSpeaksOfTheComputation) {
  EXPECT_THAT(std::string(Check("value_head_scale", 2).message()),
              HasSubstr("'value_head_scale' is 2: the key is not known and may change"));
  EXPECT_FALSE(Check("use_post_norm", true).ok());
  EXPECT_TRUE(Check("use_post_norm", false).ok());
  EXPECT_TRUE(Check("use_post_norm", nullptr).ok());
  EXPECT_TRUE(Check("name_of_the_run", "seven").ok());
}

}  // namespace
}  // namespace ropewalk
