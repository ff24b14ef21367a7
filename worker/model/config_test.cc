#include "worker/model/config.h"

#include <cmath>
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

ModelConfig With(const Json& changes) {
  Json json = Llama();
  json.update(changes);
  const auto config = ParseModelConfig(json.dump(), "config.json");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(ModelConfig());
}

TEST(ModelConfig, EachFamilyHasItsOwnBiasesAndNorms) {
  const ModelConfig llama = With({{"attention_bias", true}, {"mlp_bias", true}});
  EXPECT_TRUE(llama.query_key_value_bias && llama.output_bias && llama.mlp_bias);
  const ModelConfig qwen2 =
      With({{"architectures", {"Qwen2ForCausalLM"}}, {"num_key_value_heads", 2}});
  EXPECT_TRUE(qwen2.query_key_value_bias && !qwen2.output_bias && !qwen2.query_key_norm);
  const ModelConfig qwen3 =
      With({{"architectures", {"Qwen3ForCausalLM"}}, {"num_key_value_heads", 2}});
  EXPECT_TRUE(qwen3.query_key_norm && !qwen3.query_key_value_bias);
  EXPECT_EQ(qwen3.head_dim, 128);
}

TEST(ModelConfig, FindsTheFamilyByItsModelTypeToo) {
  EXPECT_EQ(With({{"architectures", nullptr}, {"model_type", "mistral"}}).architecture,
            "MistralForCausalLM");
  EXPECT_THAT(ErrorWith("model_type", "qwen2"), HasSubstr("'model_type' is \"qwen2\""));
}

TEST(ModelConfig, AllLayersOfMistralSlide) {
  const Json mistral = {{"architectures", {"MistralForCausalLM"}}};
  EXPECT_EQ(With(mistral).WindowOf(1), 4096);
  Json json = mistral;
  json["sliding_window"] = 64;
  EXPECT_EQ(With(json).WindowOf(0), 64);
  json["sliding_window"] = nullptr;
  EXPECT_EQ(With(json).WindowOf(0), 0);
}

TEST(ModelConfig, QwenSlidesOnlyWhereItIsAskedTo) {
  Json json = {{"architectures", {"Qwen2ForCausalLM"}},
               {"num_key_value_heads", 2},
               {"sliding_window", 64},
               {"max_window_layers", 1}};
  EXPECT_EQ(With(json).WindowOf(1), 0);
  json["use_sliding_window"] = true;
  EXPECT_EQ(With(json).WindowOf(0), 0);
  EXPECT_EQ(With(json).WindowOf(1), 64);
  json["layer_types"] = {"sliding_attention", "full_attention"};
  EXPECT_EQ(With(json).WindowOf(0), 64);
  EXPECT_EQ(With(json).WindowOf(1), 0);
  json["use_sliding_window"] = false;
  Json whole = Llama();
  whole.update(json);
  EXPECT_THAT(std::string(ParseModelConfig(whole.dump(), "f").status().message()),
              HasSubstr("'use_sliding_window' must be true"));
}

TEST(ModelConfig, ReadsEveryKindOfRope) {
  EXPECT_EQ(With({{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}}).rope.kind,
            RopeKind::kLinear);
  const ModelConfig yarn = With({{"rope_parameters",
                                  {{"rope_type", "yarn"},
                                   {"rope_theta", 1e6},
                                   {"factor", 4.0},
                                   {"original_max_position_embeddings", 256}}}});
  EXPECT_EQ(yarn.rope.theta, 1e6);
  EXPECT_NEAR(yarn.rope.attention_factor, 0.1 * std::log(4.0) + 1, 1e-12);
  EXPECT_EQ(yarn.longest_sequence(), 1024);
  const ModelConfig longrope = With(
      {{"original_max_position_embeddings", 128},
       {"rope_scaling",
        {{"type", "longrope"}, {"short_factor", {1, 1, 1, 1}}, {"long_factor", {1, 2, 3, 4}}}}});
  EXPECT_EQ(longrope.rope.factor, 4);
  EXPECT_NEAR(longrope.rope.attention_factor, std::sqrt(1 + std::log(4.0) / std::log(128.0)),
              1e-12);
  EXPECT_EQ(longrope.longest_sequence(), 512);
}

TEST(ModelConfig, NamesTheRopeSettingItCannotFollow) {
  const auto error = [](const Json& rope) { return ErrorWith("rope_scaling", rope); };
  EXPECT_THAT(error({{"type", "mrope"}}), HasSubstr("the type \"mrope\"; only default, linear"));
  EXPECT_THAT(error({{"type", "linear"}}), HasSubstr("'factor' is missing"));
  EXPECT_THAT(error({{"type", "linear"}, {"factor", 0}}), HasSubstr("'factor' is 0"));
  EXPECT_THAT(error({{"type", "linear"}, {"factor", 2}, {"mscale", 1}}),
              HasSubstr("'mscale' (1), which the type linear does not use"));
  EXPECT_THAT(error({{"type", "default"}, {"partial_rotary_factor", 0.5}}),
              HasSubstr("'partial_rotary_factor' is 0.5; only 1"));
  EXPECT_THAT(error({{"type", "llama3"}, {"factor", 8}}),
              HasSubstr("'low_freq_factor' is missing"));
  EXPECT_THAT(error({{"type", "longrope"}, {"factor", 8}, {"short_factor", {1}}}),
              HasSubstr("'short_factor' is not a list of 4"));
  EXPECT_THAT(error({{"full_attention", {{"rope_type", "default"}}}}), HasSubstr("full_attention"));
}

// Keys as shipped models have them, which change nothing at these values.
TEST(ModelConfig, AcceptsWhatShippedModelsSay) {
  With({{"_name_or_path", "somewhere/model"},
        {"attention_dropout", 0.0},
        {"bos_token_id", 1},
        {"eos_token_id", {2, 3}},
        {"is_llama_config", true},
        {"pad_token_id", nullptr},
        {"pretraining_tp", 1},
        {"rope_interleaved", false},
        {"rope_scaling",
         {{"factor", 32.0},
          {"high_freq_factor", 4.0},
          {"low_freq_factor", 1.0},
          {"original_max_position_embeddings", 256},
          {"rope_type", "llama3"}}},
        {"rope_theta", 500000.0},
        {"torch_dtype", "bfloat16"},
        {"transformers_version", "4.45.0"},
        {"use_cache", true},
        {"model_max_length", 512}});
  With({{"architectures", {"Qwen2ForCausalLM"}},
        {"model_type", "qwen2"},
        {"num_key_value_heads", 2},
        {"max_window_layers", 28},
        {"sliding_window", 131072},
        {"use_sliding_window", false},
        {"use_mrope", false}});
  With({{"architectures", {"MistralForCausalLM"}},
        {"model_type", "mistral"},
        {"num_key_value_heads", 2},
        {"sliding_window", nullptr}});
}

TEST(ModelConfig, NamesTheSettingItCannotFollow) {
  EXPECT_THAT(ErrorWith("hidden_act", "gelu"), HasSubstr("only \"silu\""));
  EXPECT_THAT(ErrorWith("sliding_window", 128), HasSubstr("sliding_window"));
  EXPECT_THAT(ErrorWith("layer_types", {"full_attention", "chunked_attention"}),
              HasSubstr("chunked_attention"));
  EXPECT_THAT(ErrorWith("layer_types", {"full_attention"}), HasSubstr("layer_types"));
  EXPECT_THAT(ErrorWith("architectures", {"GPT2LMHeadModel"}),
              HasSubstr("'GPT2LMHeadModel' is not supported; only LlamaForCausalLM"));
}

TEST(ModelConfig, RefusesSizesThatDoNotFit) {
  ErrorWith("vocab_size", 0);
  ErrorWith("vocab_size", nullptr);
  ErrorWith("vocab_size", -1);
  ErrorWith("vocab_size", 1.5);
  ErrorWith("vocab_size", 1e30);
  ErrorWith("num_hidden_layers", 1000000);
  ErrorWith("num_attention_heads", 100);
  ErrorWith("num_key_value_heads", 3);
  ErrorWith("head_dim", 7);
  ErrorWith("rms_norm_eps", -1);
  ErrorWith("architectures", "LlamaForCausalLM");
  EXPECT_FALSE(ParseModelConfig("{", "config.json").ok());
}

}  // namespace
}  // namespace ropewalk
