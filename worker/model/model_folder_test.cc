#include "worker/model/model_folder.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::TinyConfig;
using testing::TinyConfigJson;
using testing::TinySafetensors;
using testing::TinyWeights;

using Files = std::map<std::string, std::string>;

// The views of all weights of the tiny model, each one element of `value` repeated.
struct Weights {
  explicit Weights(const ModelConfig& config) {
    for (const WeightSpec& spec : WeightSpecs(config)) {
      bytes.emplace_back(spec.size * sizeof(float), '\0');
      tensors.push_back({spec.name, Dtype::kF32, spec.shape, ""});
    }
    for (size_t i = 0; i < tensors.size(); ++i) tensors[i].bytes = bytes[i];
  }
  std::vector<std::string> bytes;
  std::vector<TensorView> tensors;
};

std::string OpenError(const Files& files) {
  const TemporaryFolder folder(files);
  const auto model = ModelFolder::Open(folder.path());
  EXPECT_FALSE(model.ok());
  return std::string(model.status().message());
}

std::string OpenError(const std::vector<TensorView>& tensors) {
  return OpenError(Files{{"config.json", TinyConfigJson()},
                         {"model.safetensors", SerializeSafetensors(tensors)}});
}

TEST(ModelFolder, ReadsEveryWeight) {
  const ModelConfig config = TinyConfig();
  const std::vector<float> weights = TinyWeights(config);
  const TemporaryFolder folder(
      {{"config.json", TinyConfigJson()}, {"model.safetensors", TinySafetensors(config, weights)}});
  const auto model = ModelFolder::Open(folder.path());
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<float> read;
  for (const WeightSpec& spec : WeightSpecs(config)) {
    std::vector<float> weight(spec.size);
    model->ReadWeight(spec, absl::MakeSpan(weight));
    read.insert(read.end(), weight.begin(), weight.end());
  }
  EXPECT_EQ(read, weights);
}

TEST(ModelFolder, MayHaveNoWeights) {
  const TemporaryFolder folder({{"config.json", TinyConfigJson()}});
  const auto model = ModelFolder::Open(folder.path());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_FALSE(model->has_weights());
}

TEST(ModelFolder, ReadsShards) {
  Weights weights(TinyConfig());
  const size_t half = weights.tensors.size() / 2;
  const auto middle = weights.tensors.begin() + half;
  std::string index = R"({"metadata": {}, "weight_map": {)";
  for (size_t i = 0; i < weights.tensors.size(); ++i) {
    index +=
        (i ? ",\"" : "\"") + weights.tensors[i].name + (i < half ? R"(":"1.st")" : R"(":"2.st")");
  }
  const Files files = {{"config.json", TinyConfigJson()},
                       {"1.st", SerializeSafetensors({weights.tensors.begin(), middle})},
                       {"2.st", SerializeSafetensors({middle, weights.tensors.end()})},
                       {"model.safetensors.index.json", index + "}}"}};
  const TemporaryFolder folder(files);
  const auto model = ModelFolder::Open(folder.path());
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_TRUE(model->has_weights());
}

TEST(ModelFolder, RefusesAnIndexThatLeavesTheFolder) {
  const std::string index = R"({"weight_map": {"a": "../other.safetensors"}})";
  EXPECT_THAT(
      OpenError(Files{{"config.json", TinyConfigJson()}, {"model.safetensors.index.json", index}}),
      HasSubstr("../other.safetensors"));
}

TEST(ModelFolder, NamesATensorThatIsMissing) {
  Weights weights(TinyConfig());
  weights.tensors.pop_back();
  EXPECT_THAT(OpenError(weights.tensors), HasSubstr("'lm_head.weight' is missing"));
}

TEST(ModelFolder, NamesATensorThatIsUnknown) {
  Weights weights(TinyConfig());
  weights.tensors.push_back({"model.layers.0.self_attn.q_proj.bias", Dtype::kF32, {1}, "aaaa"});
  EXPECT_THAT(OpenError(weights.tensors), HasSubstr("'model.layers.0.self_attn.q_proj.bias'"));
}

TEST(ModelFolder, NamesATensorOfTheWrongShape) {
  Weights weights(TinyConfig());
  weights.tensors[2].shape = {8, 32};
  EXPECT_THAT(OpenError(weights.tensors),
              HasSubstr("has the shape [8, 32]; config.json wants [16, 16]"));
}

TEST(ModelFolder, NamesATensorOfTheWrongDtype) {
  Weights weights(TinyConfig());
  weights.tensors[0].dtype = Dtype::kI32;
  EXPECT_THAT(OpenError(weights.tensors), HasSubstr("'model.embed_tokens.weight' is I32"));
}

TEST(ModelFolder, RefusesWeightsInAnotherFormat) {
  EXPECT_THAT(OpenError(Files{{"config.json", TinyConfigJson()}, {"pytorch_model.bin", "x"}}),
              HasSubstr("only weights in safetensors"));
}

TEST(ModelFolder, AcceptsACopyOfTheTiedEmbedding) {
  Weights weights(TinyConfig(/*tied=*/false));
  const TemporaryFolder folder({{"config.json", TinyConfigJson(/*tied=*/true)},
                                {"model.safetensors", SerializeSafetensors(weights.tensors)}});
  EXPECT_TRUE(ModelFolder::Open(folder.path()).ok());
}

}  // namespace
}  // namespace ropewalk
