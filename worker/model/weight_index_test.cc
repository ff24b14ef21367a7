#include "worker/model/weight_index.h"

#include <vector>

#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/model/trainable_weights.h"

namespace ropewalk {
namespace {

using testing::TinyConfig;

// Expects every index to be that of the weight with its name, and no weight to be left over.
void ExpectAgrees(const ModelConfig& config) {
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  const std::vector<LinearPlace> places = LinearPlaces(config);
  const WeightIndex index(config);
  int64_t found = 0;
  const auto expect = [&](int64_t i, const std::string& name) {
    ASSERT_GE(i, 0) << name;
    EXPECT_EQ(specs[i].name, name);
    ++found;
  };
  expect(index.Embedding(), "model.embed_tokens.weight");
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::string module = "model.layers." + std::to_string(layer);
    expect(index.AttentionNorm(layer), module + ".input_layernorm.weight");
    expect(index.MlpNorm(layer), module + ".post_attention_layernorm.weight");
    if (index.QueryNorm(layer) >= 0) {
      expect(index.QueryNorm(layer), module + ".self_attn.q_norm.weight");
      expect(index.KeyNorm(layer), module + ".self_attn.k_norm.weight");
    }
    for (int64_t i = 0; i < kLinearsPerLayer; ++i) {
      const Linear linear = static_cast<Linear>(i);
      const std::string& place = places[PlaceOf(layer, linear)].name;
      expect(index.Matrix(layer, linear), place + ".weight");
      if (HasBias(config, linear)) expect(index.Bias(layer, linear), place + ".bias");
      EXPECT_EQ(index.Bias(layer, linear) >= 0, HasBias(config, linear));
    }
  }
  expect(index.FinalNorm(), "model.norm.weight");
  if (!config.tie_word_embeddings) expect(index.Output(), "lm_head.weight");
  EXPECT_EQ(found, static_cast<int64_t>(specs.size()));
  EXPECT_EQ(index.count(), found);
}

TEST(WeightIndex, AgreesWithTheListOfWeights) {
  for (int bits = 0; bits < 32; ++bits) {
    ModelConfig config = TinyConfig(/*tied=*/bits & 1);
    config.query_key_value_bias = bits & 2;
    config.output_bias = bits & 4;
    config.mlp_bias = bits & 8;
    config.query_key_norm = bits & 16;
    ExpectAgrees(config);
  }
}

TEST(TrainableWeights, LieOneAfterAnother) {
  const ModelConfig config = TinyConfig();
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  std::vector<bool> trains(specs.size(), false);
  trains[2] = trains[5] = true;
  const TrainableWeights weights(config, trains);
  EXPECT_EQ(weights.first(), 2);
  EXPECT_EQ(weights.OffsetOf(1), -1);
  EXPECT_EQ(weights.OffsetOf(2), 0);
  EXPECT_EQ(weights.OffsetOf(5), specs[2].size);
  EXPECT_EQ(weights.size(), specs[2].size + specs[5].size);
  EXPECT_EQ(TrainableWeights::None(config).size(), 0);
  EXPECT_EQ(TrainableWeights::None(config).first(), static_cast<int64_t>(specs.size()));
}

}  // namespace
}  // namespace ropewalk
