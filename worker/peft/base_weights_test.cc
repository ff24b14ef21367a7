#include "worker/peft/base_weights.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Names = std::vector<std::string>;

// One layer, with biases in q_proj, k_proj and v_proj.
ModelConfig Model(bool tied = false) {
  ModelConfig config = testing::TinyConfig(tied);
  config.num_hidden_layers = 1;
  config.query_key_value_bias = true;
  return config;
}

// With adapters at q_proj (0) and gate_proj (4).
const std::vector<int64_t> kPlaces = {0, 4};

absl::Status Select(BaseWeights* weights, const ModelConfig& model = Model()) {
  return SelectBaseWeights(model, kPlaces, weights);
}

// The names chosen, without what begins them all.
Names Chosen(BaseWeights weights, const ModelConfig& model = Model()) {
  const absl::Status status = Select(&weights, model);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(weights.indices, SizeIs(weights.layout.entries.size()));
  Names names;
  for (const ParameterEntry& entry : weights.layout.entries) {
    EXPECT_THAT(entry.name, ::testing::StartsWith(kPeftPrefix));
    names.push_back(entry.name.substr(std::string(kPeftPrefix).size()));
  }
  return names;
}

Names Saved(const Names& modules) { return Chosen({.modules_to_save = modules}); }

std::string SelectError(BaseWeights weights, const ModelConfig& model = Model()) {
  return std::string(Select(&weights, model).message());
}

TEST(BaseWeights, BiasesAreNamedAsPeftNamesThem) {
  const std::string attention = "model.layers.0.self_attn.";
  EXPECT_THAT(Chosen({}), IsEmpty());
  EXPECT_THAT(Chosen({.bias = LoraBias::kAll}),
              ElementsAre(attention + "q_proj.base_layer.bias", attention + "k_proj.bias",
                          attention + "v_proj.bias"));
  EXPECT_THAT(Chosen({.bias = LoraBias::kLoraOnly}),
              ElementsAre(attention + "q_proj.base_layer.bias"));
}

TEST(BaseWeights, ANameStandsForEveryModuleThatEndsInIt) {
  EXPECT_THAT(Saved({"model.norm"}), ElementsAre("model.norm.weight"));
  EXPECT_THAT(Saved({"norm"}),
              ElementsAre("model.layers.0.input_layernorm.weight",
                          "model.layers.0.post_attention_layernorm.weight", "model.norm.weight"));
  EXPECT_THAT(Saved({"lm_head", "embed_tokens"}),
              ElementsAre("model.embed_tokens.weight", "lm_head.weight"));
}

TEST(BaseWeights, AModuleHasAllThatIsInIt) {
  EXPECT_THAT(Saved({"k_proj"}), ElementsAre("model.layers.0.self_attn.k_proj.weight",
                                             "model.layers.0.self_attn.k_proj.bias"));
  BaseWeights weights = {.modules_to_save = {"mlp"}};
  ASSERT_TRUE(SelectBaseWeights(Model(), {0}, &weights).ok());
  EXPECT_THAT(weights.indices, SizeIs(3));
}

TEST(BaseWeights, DecayAsInFullTraining) {
  BaseWeights weights = {.bias = LoraBias::kLoraOnly, .modules_to_save = {"lm_head", "model.norm"}};
  ASSERT_TRUE(Select(&weights).ok());
  ASSERT_THAT(weights.layout.entries, SizeIs(3));
  EXPECT_FALSE(weights.layout.entries[0].decay);
  EXPECT_FALSE(weights.layout.entries[1].decay);
  EXPECT_TRUE(weights.layout.entries[2].decay);
  EXPECT_TRUE(weights.layout.entries[2].per_token);
}

TEST(BaseWeights, TiedEmbeddingsTrainAsOneOrNotAtAll) {
  const ModelConfig tied = Model(/*tied=*/true);
  for (const char* module : {"embed_tokens", "lm_head"}) {
    EXPECT_THAT(SelectError({.modules_to_save = {module}}, tied), HasSubstr("ensure_weight_tying"));
    EXPECT_THAT(Chosen({.modules_to_save = {module}, .ensure_weight_tying = true}, tied),
                ElementsAre("model.embed_tokens.weight"));
  }
  EXPECT_THAT(Chosen({.modules_to_save = {"lm_head"}, .ensure_weight_tying = true}),
              ElementsAre("lm_head.weight"));
}

TEST(BaseWeights, SavedModulesGetNoAdapter) {
  EXPECT_THAT(WithoutSavedModules(Model(), kPlaces, {"q_proj"}).value(), ElementsAre(4));
  EXPECT_THAT(WithoutSavedModules(Model(), kPlaces, {"mlp"}).value(), ElementsAre(0));
  EXPECT_THAT(WithoutSavedModules(Model(), kPlaces, {"norm"}).value(), ElementsAre(0, 4));
  EXPECT_THAT(std::string(WithoutSavedModules(Model(), kPlaces, {"layers.0"}).status().message()),
              HasSubstr("leaves nothing"));
}

TEST(BaseWeights, WhatPeftWouldMixUpIsRefused) {
  EXPECT_THAT(SelectError({.modules_to_save = {"_proj"}}), HasSubstr("has an adapter, too"));
  EXPECT_THAT(SelectError({.modules_to_save = {"self_attn", "k_proj"}}),
              HasSubstr("k_proj lies within model.layers.0.self_attn"));
}

TEST(BaseWeights, WhatTheModelDoesNotHaveIsNamed) {
  const auto missing = [](BaseWeights weights, const ModelConfig& model) {
    EXPECT_TRUE(Select(&weights, model).ok());
    return std::string(CheckNothingMissing(model, weights).message());
  };
  EXPECT_THAT(missing({.modules_to_save = {"lm_head", "score"}}, Model()), HasSubstr("'score'"));
  EXPECT_THAT(missing({.bias = LoraBias::kAll}, testing::TinyConfig()), HasSubstr("no biases"));
  ModelConfig elsewhere = testing::TinyConfig();
  elsewhere.output_bias = true;
  EXPECT_THAT(missing({.bias = LoraBias::kLoraOnly}, elsewhere), HasSubstr("target_modules"));
  EXPECT_EQ(missing({.bias = LoraBias::kAll, .modules_to_save = {"norm"}}, Model()), "");
}

TEST(BaseWeights, BiasModesHaveNames) {
  EXPECT_EQ(ParseLoraBias("lora_only").value(), LoraBias::kLoraOnly);
  EXPECT_THAT(std::string(ParseLoraBias("some").status().message()), HasSubstr("'some'"));
}

}  // namespace
}  // namespace ropewalk
