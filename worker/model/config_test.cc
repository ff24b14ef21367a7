#include "worker/model/config.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

Json Llama() {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"vocab_size", 260},
          {"hidden_size", 64},
          {"intermediate_size", 128},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 8},
          {"max_position_embeddings", 512},
          {"rms_norm_eps", 1e-5}};
}

std::string ErrorWith(const std::string& key, const Json& value) {
  Json json = Llama();
  json[key] = value;
  const auto config = ParseModelConfig(json.dump(), "config.json");
  EXPECT_FALSE(config.ok()) << key;
  return std::string(config.status().message());
}

TEST(ModelConfig, ReadsTheOldAndTheNewSpelling) {
  Json old_spelling = Llama(), new_spelling = Llama();
  old_spelling.update(
      {{"rope_theta", 5e5}, {"rope_scaling", nullptr}, {"torch_dtype", "bfloat16"}});
  new_spelling.update({{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 5e5}}},
                       {"dtype", "bfloat16"}});
  for (const Json& json : {old_spelling, new_spelling}) {
    const auto config = ParseModelConfig(json.dump(), "config.json");
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->rope.theta, 5e5);
    EXPECT_TRUE(config->bfloat16);
  }
}

TEST(ModelConfig, FillsInTheDefaults) {
  const auto config = ParseModelConfig(Llama().dump(), "config.json");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->num_key_value_heads, 8);
  EXPECT_EQ(config->head_dim, 8);
  EXPECT_EQ(config->rope.theta, 10000);
  EXPECT_FALSE(config->tie_word_embeddings);
}

TEST(ModelConfig, ReadsWhatIsGiven) {
  Json json = Llama();
  json.update({{"num_key_value_heads", 2},
               {"head_dim", 16},
               {"tie_word_embeddings", true},
               {"initializer_range", 0.1},
               {"eos_token_id", {1, 2}},
               {"hidden_act", "silu"},
               {"attention_dropout", 0.0},
               {"bos_token_id", 3}});
  const auto config = ParseModelConfig(json.dump(), "config.json");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->key_value_size(), 32);
  EXPECT_EQ(config->query_size(), 128);
  EXPECT_TRUE(config->tie_word_embeddings);
  EXPECT_EQ(config->initializer_range, 0.1);
  EXPECT_THAT(config->eos_token_ids, ElementsAre(1, 2));
}

TEST(ModelConfig, NamesTheSettingItCannotFollow) {
  EXPECT_THAT(ErrorWith("attention_bias", true), HasSubstr("'attention_bias' is true"));
  EXPECT_THAT(ErrorWith("mlp_bias", true), HasSubstr("mlp_bias"));
  EXPECT_THAT(ErrorWith("hidden_act", "gelu"), HasSubstr("only \"silu\""));
  EXPECT_THAT(ErrorWith("rope_scaling", {{"type", "linear"}, {"factor", 2}}),
              HasSubstr("'rope_scaling' has the type \"linear\""));
  EXPECT_THAT(ErrorWith("rope_parameters", {{"rope_type", "llama3"}}), HasSubstr("llama3"));
  EXPECT_THAT(ErrorWith("sliding_window", 128), HasSubstr("sliding_window"));
  EXPECT_THAT(ErrorWith("quantization_config", {{"bits", 4}}), HasSubstr("quantization_config"));
  EXPECT_THAT(ErrorWith("architectures", {"GPT2LMHeadModel"}),
              HasSubstr("'GPT2LMHeadModel' is not supported; only LlamaForCausalLM"));
}

TEST(ModelConfig, RefusesSizesThatDoNotFit) {
  ErrorWith("vocab_size", 0);
  ErrorWith("vocab_size", nullptr);
  ErrorWith("vocab_size", -1);
  ErrorWith("vocab_size", 1.5);
  ErrorWith("vocab_size", 1e30);
  ErrorWith("num_key_value_heads", 3);
  ErrorWith("head_dim", 7);
  ErrorWith("rms_norm_eps", -1);
  ErrorWith("architectures", "LlamaForCausalLM");
  EXPECT_FALSE(ParseModelConfig("{", "config.json").ok());
}

}  // namespace
}  // namespace ropewalk
