#include "worker/peft/lora_hook.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "worker/model/testing/gradient_check.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/peft/lora_init.h"
#include "worker/peft/merge.h"
#include "worker/peft/target_modules.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

using testing::ExpectGradient;
using testing::Pack;
using testing::SetWeights;
using testing::TinyConfig;
using testing::TinyWeights;

const std::vector<int32_t> kFirst = {3, 1, 4, 1, 5, 9, 2, 6};
const std::vector<int32_t> kSecond = {31, 8, 28, 18, 4};
const RandomKey kKey = {.seed = 3, .step = 5, .micro_batch = 1};

LoraConfig Config(const std::string& target, double dropout) {
  return {.rank = 3,
          .alpha = 6,
          .dropout = dropout,
          .places = SelectPlaces(LinearPlaces(TinyConfig()), {target}).value()};
}

// The tiny model with adapters, whose B is not zero unless `initial`.
template <typename T>
struct Model {
  explicit Model(const LoraConfig& config, bool initial = false)
      : layout(LoraLayout(places, config)),
        hook(places, config, kPrecision),
        transformer(TinyConfig(), kPrecision, &hook) {
    const std::vector<float> floats = TinyWeights(transformer.config());
    weights.assign(floats.begin(), floats.end());
    SetWeights(weights, &transformer);
    std::vector<float> values(layout.size);
    InitializeLora(layout, LoraInit::kKaiming, 1, absl::MakeSpan(values));
    for (size_t i = 0; i < values.size() && !initial; ++i) values[i] += 0.1f * std::sin(i);
    parameters.assign(values.begin(), values.end());
    if (config.dora) SetBases(config, initial);
    hook.SetParameters(parameters);
  }

  // Tells the hook the base's weights; magnitudes begin as their norms, or near them.
  void SetBases(const LoraConfig& config, bool initial) {
    const std::vector<WeightSpec> specs = WeightSpecs(TinyConfig());
    size_t entry = 2;
    for (const int64_t place : config.places) {
      int64_t offset = 0, i = 0;
      for (; specs[i].name != places[place].name + ".weight"; ++i) offset += specs[i].size;
      const auto norms = hook.SetBase(place, &transformer.weights().Place(place),
                                      absl::MakeConstSpan(weights).subspan(offset, specs[i].size));
      for (size_t j = 0; j < norms.size(); ++j) {
        parameters[layout.entries[entry].offset + j] = norms[j] * (initial ? 1 : 1.1);
      }
      entry += 3;
    }
  }

  std::vector<Wide<T>> Gradient(const PackedTokens& tokens, const RandomKey& key) {
    std::vector<Wide<T>> gradient(layout.size);
    hook.SetGradient(absl::MakeSpan(gradient));
    EXPECT_TRUE(transformer.AccumulateGradient(tokens, key, nullptr).ok());
    return gradient;
  }

  // The loss under dropout; leaves gradients in `unused`.
  double LossWithDropout(const PackedTokens& tokens, const RandomKey& key) {
    hook.SetParameters(parameters);
    unused.resize(layout.size);
    hook.SetGradient(absl::MakeSpan(unused));
    return transformer.AccumulateGradient(tokens, key, nullptr).value();
  }

  static constexpr MatMulPrecision kPrecision =
      std::is_same_v<T, Bfloat16> ? MatMulPrecision::kBfloat16 : MatMulPrecision::kFull;

  const std::vector<LinearPlace> places = LinearPlaces(TinyConfig());
  const ParameterLayout layout;
  LoraHook<T> hook;
  Transformer<T> transformer;
  std::vector<Wide<T>> weights;
  std::vector<Wide<T>> parameters;
  std::vector<Wide<T>> unused;
};

TEST(LoraHook, GradientIsTheDerivativeOfTheLoss) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  // Where training stops halfway down, the backward pass takes shortcuts; each must leave the
  // gradients as they are.
  for (const char* target :
       {"all-linear", "1.self_attn.q_proj", "1.self_attn.v_proj", "1.self_attn.o_proj",
        "1.mlp.gate_proj", "1.mlp.up_proj", "1.mlp.down_proj", "0.mlp.up_proj"}) {
    SCOPED_TRACE(target);
    Model<double> model(Config(target, /*dropout=*/0));
    const std::vector<double> gradient = model.Gradient(tokens, kKey);
    ExpectGradient(&model.parameters, gradient, /*stride=*/5, [&] {
      model.hook.SetParameters(model.parameters);
      return model.transformer.Loss(tokens).value();
    });
  }
}

TEST(LoraHook, GradientIsTheDerivativeUnderDropout) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Model<double> model(Config("all-linear", /*dropout=*/0.3));
  const std::vector<double> gradient = model.Gradient(tokens, kKey);
  ExpectGradient(&model.parameters, gradient, /*stride=*/17,
                 [&] { return model.LossWithDropout(tokens, kKey); });
}

LoraConfig DoraConfig(const std::string& target, double dropout) {
  LoraConfig config = Config(target, dropout);
  config.dora = true;
  config.ranks = {{config.places.back(), 2}};
  return config;
}

// The norm is a constant for the gradient, so only magnitudes have the loss's derivative; and what
// lies below a layer gets the gradient through it, which the lowest layer's magnitudes show.
TEST(LoraHook, GradientByDorasMagnitudesIsTheDerivative) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  for (const double dropout : {0.0, 0.3}) {
    Model<double> model(DoraConfig("all-linear", dropout));
    const std::vector<double> gradient = model.Gradient(tokens, kKey);
    for (size_t entry = 2; entry < model.layout.entries.size(); entry += 3) {
      const int64_t at = model.layout.entries[entry].offset + 1;
      constexpr double kStep = 1e-5;
      model.parameters[at] += kStep;
      const double above = model.LossWithDropout(tokens, kKey);
      model.parameters[at] -= 2 * kStep;
      const double below = model.LossWithDropout(tokens, kKey);
      model.parameters[at] += kStep;
      EXPECT_NEAR(gradient[at], (above - below) / (2 * kStep), 1e-6)
          << model.layout.entries[entry].name << " dropout " << dropout;
    }
  }
}

TEST(LoraHook, DoraLeavesTheModelAsItIsAtFirst) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Model<double> adapted(DoraConfig("all-linear", /*dropout=*/0), /*initial=*/true);
  Transformer<double> base(TinyConfig(), MatMulPrecision::kFull, nullptr);
  SetWeights(adapted.weights, &base);
  EXPECT_NEAR(adapted.transformer.Loss(tokens).value(), base.Loss(tokens).value(), 1e-10);
}

TEST(LoraHook, DropoutFollowsItsKey) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Model<float> model(Config("all-linear", /*dropout=*/0.3));
  const std::vector<float> gradient = model.Gradient(tokens, kKey);
  EXPECT_EQ(gradient, model.Gradient(tokens, kKey));
  RandomKey other = kKey;
  other.micro_batch = 2;
  EXPECT_NE(gradient, model.Gradient(tokens, other));
}

TEST(LoraHook, LeavesTheModelAsItIsAtFirst) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Model<float> adapted(Config("all-linear", /*dropout=*/0), /*initial=*/true);
  Transformer<float> base(TinyConfig(), MatMulPrecision::kFull, nullptr);
  SetWeights(adapted.weights, &base);
  EXPECT_EQ(adapted.transformer.Logits(tokens).value(), base.Logits(tokens).value());
}

TEST(LoraHook, FirstTrainsBAlone) {
  Model<float> model(Config("all-linear", /*dropout=*/0), /*initial=*/true);
  const std::vector<float> gradient = model.Gradient(Pack({kFirst}), kKey);
  for (size_t i = 0; i < model.layout.entries.size(); ++i) {
    const ParameterEntry& entry = model.layout.entries[i];
    float largest = 0;
    for (int64_t j = 0; j < entry.size; ++j) {
      largest = std::max(largest, std::abs(gradient[entry.offset + j]));
    }
    const bool is_a = i % 2 == 0;
    EXPECT_EQ(largest == 0, is_a) << entry.name;
  }
}

// |values - expected| / |expected|.
double RelativeError(const std::vector<float>& values, const std::vector<double>& expected) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(values[i] - expected[i], 2);
    norm += std::pow(expected[i], 2);
  }
  return std::sqrt(difference / norm);
}

TEST(LoraHook, EveryTypeGivesTheGradientOfDouble) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  for (const double dropout : {0.0, 0.3}) {
    for (const bool dora : {false, true}) {
      SCOPED_TRACE(::testing::Message() << "dropout " << dropout << (dora ? ", DoRA" : ""));
      const LoraConfig config =
          dora ? DoraConfig("all-linear", dropout) : Config("all-linear", dropout);
      const std::vector<double> expected = Model<double>(config).Gradient(tokens, kKey);
      EXPECT_LT(RelativeError(Model<float>(config).Gradient(tokens, kKey), expected), 1e-4);
      EXPECT_LT(RelativeError(Model<Bfloat16>(config).Gradient(tokens, kKey), expected), 0.05);
    }
  }
}

TEST(LoraHook, GivesTheSameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<int32_t>> documents(50, kFirst);
  const PackedTokens tokens = Pack(documents);
  SetThreads(1);
  const auto one = Model<float>(Config("all-linear", 0.3)).Gradient(tokens, kKey);
  SetThreads(2);
  const auto two = Model<float>(Config("all-linear", 0.3)).Gradient(tokens, kKey);
  EXPECT_EQ(one, two);
}

TEST(InitializeLora, FillsAWithinItsBoundAndBWithZeros) {
  const LoraConfig config = Config("q_proj", 0);
  const ParameterLayout layout = LoraLayout(LinearPlaces(TinyConfig()), config);
  std::vector<float> values(layout.size, 9.0f), others(layout.size);
  InitializeLora(layout, LoraInit::kKaiming, 1, absl::MakeSpan(values));
  InitializeLora(layout, LoraInit::kKaiming, 2, absl::MakeSpan(others));
  EXPECT_NE(values, others);
  for (int64_t i = 0; i < layout.size; ++i) {
    const bool is_a = (i / layout.entries[0].size) % 2 == 0;  // A and B are of one size here
    EXPECT_LE(std::abs(values[i]), is_a ? 0.25f : 0.0f);      // 1 / sqrt(16)
  }
}

TEST(MergeLora, MakesOneLayerOfTwo) {
  const PackedTokens tokens = Pack({kFirst, kSecond});
  const LoraConfig config = Config("all-linear", /*dropout=*/0);
  Model<double> adapted(config);
  std::vector<double> merged = adapted.weights;
  int64_t offset = 0;
  size_t next = 0;  // every linear layer has an adapter, in the order of weights
  for (const WeightSpec& spec : WeightSpecs(TinyConfig())) {
    const absl::Span<double> weight = absl::MakeSpan(merged).subspan(offset, spec.size);
    offset += spec.size;
    if (spec.name.find("_proj") == std::string::npos) continue;
    const ParameterEntry& a = adapted.layout.entries[next++];
    const ParameterEntry& b = adapted.layout.entries[next++];
    const absl::Span<const double> parameters = adapted.parameters;
    MergeLora<double>({a.shape[1], b.shape[0], config.rank, config.ScaleAt(0)},
                      parameters.subspan(a.offset, a.size), parameters.subspan(b.offset, b.size),
                      weight);
  }
  Transformer<double> model(TinyConfig(), MatMulPrecision::kFull, nullptr);
  SetWeights(merged, &model);
  EXPECT_NEAR(model.Loss(tokens).value(), adapted.transformer.Loss(tokens).value(), 1e-11);
}

}  // namespace
}  // namespace ropewalk
