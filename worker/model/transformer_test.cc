#include "worker/model/transformer.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/gradient_check.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

using testing::ExpectGradient;
using ::testing::HasSubstr;
using testing::Pack;
using testing::SetWeights;
using testing::TinyConfig;
using testing::TinyWeights;

const std::vector<int32_t> kFirst = {3, 1, 4, 1, 5, 9, 2, 6};
const std::vector<int32_t> kSecond = {31, 8, 28, 18, 4};

template <typename T>
std::vector<T> Weights(const ModelConfig& config) {
  const std::vector<float> weights = TinyWeights(config);
  return {weights.begin(), weights.end()};
}

// The tiny model with its weights.
template <typename T>
struct Model {
  explicit Model(bool tied = false) : Model(TinyConfig(tied)) {}
  explicit Model(const ModelConfig& config)
      : config(config),
        weights(Weights<T>(config)),
        transformer(config, MatMulPrecision::kFull, nullptr) {
    SetWeights(weights, &transformer);
  }

  std::vector<T> Gradient(const PackedTokens& tokens) {
    std::vector<T> gradient(weights.size());
    EXPECT_TRUE(transformer.AccumulateGradient(tokens, RandomKey(), gradient.data()).ok());
    return gradient;
  }

  ModelConfig config;
  std::vector<T> weights;
  Transformer<T> transformer;
};

// What families add to the plain Llama model.
struct Variant {
  const char* name;
  void (*change)(ModelConfig* config);
};

const Variant kVariants[] = {
    {"Plain", [](ModelConfig*) {}},
    {"Tied", [](ModelConfig* config) { config->tie_word_embeddings = true; }},
    {"Biased",
     [](ModelConfig* config) {
       config->query_key_value_bias = config->output_bias = config->mlp_bias = true;
     }},
    {"HeadsNormed",
     [](ModelConfig* config) {
       config->query_key_norm = true;
       config->head_dim = 6;
     }},
    {"Sliding",
     [](ModelConfig* config) {
       config->sliding_window = 3;
       config->slides.assign(config->num_hidden_layers, false);
       config->slides[0] = true;
     }},
    {"DynamicRope",
     [](ModelConfig* config) {
       config->rope = {.kind = RopeKind::kDynamic, .factor = 2};
       config->max_position_embeddings = 6;
     }},
};

class TransformerGradient : public ::testing::TestWithParam<Variant> {};

TEST_P(TransformerGradient, IsTheDerivativeOfTheLoss) {
  ModelConfig config = TinyConfig();
  GetParam().change(&config);
  Model<double> model(config);
  const PackedTokens tokens = Pack({kFirst, kSecond});
  const std::vector<double> gradient = model.Gradient(tokens);
  ExpectGradient(&model.weights, gradient, /*stride=*/7, [&] {
    SetWeights(model.weights, &model.transformer);
    return model.transformer.Loss(tokens).value();
  });
}

// Each weight's gradient alone is what it is among all.
TEST_P(TransformerGradient, IsTheSameWhateverElseTrains) {
  ModelConfig config = TinyConfig();
  GetParam().change(&config);
  Model<float> model(config);
  const PackedTokens tokens = Pack({kFirst, kSecond});
  const std::vector<float> all = model.Gradient(tokens);
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  for (size_t i = 0; i < specs.size(); ++i) {
    std::vector<bool> trains(specs.size());
    trains[i] = true;
    model.transformer.SetTrainable(TrainableWeights(config, trains));
    std::vector<float> gradient(specs[i].size);
    ASSERT_TRUE(model.transformer.AccumulateGradient(tokens, RandomKey(), gradient.data()).ok());
    const int64_t offset = TrainableWeights::All(config).OffsetOf(i);
    EXPECT_TRUE(std::equal(gradient.begin(), gradient.end(), all.begin() + offset))
        << specs[i].name;
  }
}

TEST_P(TransformerGradient, HasTheSameBitsWhicheverLayersAreCheckpointed) {
  ModelConfig config = TinyConfig();
  config.num_hidden_layers = 4;
  GetParam().change(&config);
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Model<float> whole(config), checkpointed(config);
  const std::vector<float> gradient = whole.Gradient(tokens);
  size_t bytes = whole.transformer.activation_bytes();
  for (int64_t layers = 1; layers < 4; ++layers) {
    checkpointed.transformer.SetCheckpointedLayers(layers);
    EXPECT_EQ(checkpointed.Gradient(tokens), gradient) << layers;
    EXPECT_EQ(checkpointed.transformer.Loss(tokens).value(),
              whole.transformer.Loss(tokens).value());
    EXPECT_EQ(checkpointed.Gradient(tokens), gradient) << layers;
    EXPECT_LT(checkpointed.transformer.activation_bytes(), bytes);
    bytes = checkpointed.transformer.activation_bytes();
  }
  EXPECT_LT(bytes, 0.7 * whole.transformer.activation_bytes());
  checkpointed.transformer.SetCheckpointedLayers(4);  // the highest one costs nothing
  EXPECT_EQ(checkpointed.Gradient(tokens), gradient);
  EXPECT_EQ(checkpointed.transformer.activation_bytes(), bytes);
}

TEST_P(TransformerGradient, TakesTheMemoryThatWasPlanned) {
  ModelConfig config = TinyConfig();
  config.num_hidden_layers = 3;
  GetParam().change(&config);
  Model<float> model(config);
  const PackedTokens tokens = Pack({kFirst, kSecond});
  for (int64_t layers = 0; layers <= 3; ++layers) {
    model.transformer.SetCheckpointedLayers(layers);
    const PlannedArrays activations =
        model.transformer.PlanActivations(tokens.tokens.size(), layers);
    const PlannedArrays scratch = model.transformer.PlanScratch(tokens.tokens.size());
    model.Gradient(tokens);
    EXPECT_EQ(model.transformer.activation_bytes(), activations.bytes() + scratch.bytes());
  }
}

TEST_P(TransformerGradient, OfPackedDocumentsIsTheSumOfTheirs) {
  ModelConfig config = TinyConfig();
  GetParam().change(&config);
  Model<double> model(config);
  const double apart = model.transformer.Loss(Pack({kFirst})).value() +
                       model.transformer.Loss(Pack({kSecond})).value();
  EXPECT_NEAR(model.transformer.Loss(Pack({kFirst, kSecond})).value(), apart, 1e-11);

  std::vector<double> sum = model.Gradient(Pack({kFirst}));
  const std::vector<double> second = model.Gradient(Pack({kSecond}));
  const std::vector<double> packed = model.Gradient(Pack({kFirst, kSecond}));
  for (size_t i = 0; i < sum.size(); ++i) ASSERT_NEAR(packed[i], sum[i] + second[i], 1e-11);
}

INSTANTIATE_TEST_SUITE_P(Families, TransformerGradient, ::testing::ValuesIn(kVariants),
                         [](const auto& info) { return info.param.name; });

TEST(Transformer, GradientsAddUp) {
  Model<double> model;
  const PackedTokens tokens = Pack({kFirst});
  const std::vector<double> once = model.Gradient(tokens);
  std::vector<double> twice = once;
  ASSERT_TRUE(model.transformer.AccumulateGradient(tokens, RandomKey(), twice.data()).ok());
  for (size_t i = 0; i < once.size(); ++i) ASSERT_NEAR(twice[i], 2 * once[i], 1e-12);
}

TEST(Transformer, TrainingSeesTheLossOfEvaluation) {
  Model<double> model;
  const PackedTokens tokens = Pack({kFirst, kSecond});
  std::vector<double> gradient(model.weights.size());
  EXPECT_EQ(model.transformer.Loss(tokens).value(),
            model.transformer.AccumulateGradient(tokens, RandomKey(), gradient.data()).value());
}

TEST(Transformer, ShorterTextsDoNotSeeWhatLongerOnesLeft) {
  Model<float> fresh, used;
  used.Gradient(Pack({kFirst, kSecond, kFirst}));
  EXPECT_EQ(fresh.Gradient(Pack({kSecond})), used.Gradient(Pack({kSecond})));
}

TEST(Transformer, GivesTheSameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<int32_t>> documents;
  for (int i = 0; i < 40; ++i) documents.push_back(i % 3 == 0 ? kFirst : kSecond);
  const PackedTokens tokens = Pack(documents);
  SetThreads(1);
  const std::vector<float> one = Model<float>().Gradient(tokens);
  SetThreads(2);
  const std::vector<float> two = Model<float>().Gradient(tokens);
  EXPECT_EQ(one, two);
}

TEST(Transformer, RefusesWhatTheModelDoesNotHave) {
  Model<float> model;
  const auto error = [&](const PackedTokens& tokens) {
    return std::string(model.transformer.Loss(tokens).status().message());
  };
  PackedTokens tokens = Pack({kFirst});
  tokens.tokens[1] = 32;
  EXPECT_THAT(error(tokens), HasSubstr("token 32 is outside the model"));
  tokens = Pack({kFirst});
  tokens.targets[1] = -2;
  EXPECT_THAT(error(tokens), HasSubstr("target -2"));
  tokens = Pack({std::vector<int32_t>(65, 1)});
  EXPECT_THAT(error(tokens), HasSubstr("position 64"));
  tokens = Pack({kFirst});
  tokens.document_starts.back() = 9;
  EXPECT_THAT(error(tokens), HasSubstr("lengths"));
  EXPECT_FALSE(model.transformer.Loss(PackedTokens()).ok());
}

}  // namespace
}  // namespace ropewalk
