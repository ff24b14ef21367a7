#include "worker/peft/peft_folder.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "worker/model/safetensors.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using testing::TemporaryFolder;

using Files = std::map<std::string, std::string>;

const LoraConfig kConfig{.rank = 4, .alpha = 6, .dropout = 0.25, .places = {0, 2, 7, 9}};

std::vector<LinearPlace> Places() { return LinearPlaces(testing::TinyConfig()); }

std::vector<float> Parameters() {
  std::vector<float> parameters(LoraLayout(Places(), kConfig).size);
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i] = 0.5f * i;
  return parameters;
}

Files Written() { return WritePeftFolder(Places(), kConfig, Parameters(), "org/base"); }

std::string ReadError(const Files& files) {
  const TemporaryFolder folder(files);
  const auto adapter = ReadPeftFolder(folder.path(), testing::TinyConfig());
  EXPECT_FALSE(adapter.ok());
  return std::string(adapter.status().message());
}

std::string ReadErrorWith(const std::string& key, const Json& value) {
  Files files = Written();
  Json config = Json::parse(files["adapter_config.json"]);
  config[key] = value;
  files["adapter_config.json"] = config.dump();
  return ReadError(files);
}

TEST(PeftFolder, ReadsWhatItWrote) {
  const TemporaryFolder folder(Written());
  const auto adapter = ReadPeftFolder(folder.path(), testing::TinyConfig());
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  EXPECT_EQ(adapter->parameters, Parameters());
  EXPECT_EQ(adapter->config.places, kConfig.places);
  EXPECT_EQ(adapter->config.ScaleAt(7), kConfig.ScaleAt(7));
}

TEST(PeftFolder, KeepsPatternsAndDora) {
  LoraConfig config = kConfig;
  config.ranks = {{2, 3}, {9, 3}, {7, 5}};  // both v_proj, one q_proj
  config.alphas = {{7, 1.5}};
  config.dora = true;
  const std::vector<float> parameters(LoraLayout(Places(), config).size, 0.5f);
  const Files files = WritePeftFolder(Places(), config, parameters, "org/base");
  const Json json = Json::parse(files.at("adapter_config.json"));
  const Json ranks = {{"v_proj", 3}, {"model.layers.1.self_attn.q_proj", 5}};
  EXPECT_EQ(json["rank_pattern"], ranks);
  EXPECT_EQ(json["use_dora"], true);
  const TemporaryFolder folder(files);
  const auto adapter = ReadPeftFolder(folder.path(), testing::TinyConfig());
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  EXPECT_EQ(adapter->config.ranks, config.ranks);
  EXPECT_EQ(adapter->config.alphas, config.alphas);
  EXPECT_TRUE(adapter->config.dora);
  EXPECT_EQ(adapter->parameters, parameters);
}

TEST(PeftFolder, NamesTensorsAsPeftDoes) {
  const Files files = Written();
  const auto tensors = ParseSafetensors(files.at("adapter_model.safetensors"), "f");
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_EQ(tensors->metadata.at("format"), "pt");
  const std::string prefix = "base_model.model.model.layers.1.self_attn.v_proj.";
  EXPECT_EQ(tensors->tensors.at(prefix + "lora_A.weight").shape, (std::vector<int64_t>{4, 16}));
  EXPECT_EQ(tensors->tensors.at(prefix + "lora_B.weight").shape, (std::vector<int64_t>{8, 4}));
}

TEST(PeftFolder, WritesTheConfigAsPeftDoes) {
  const std::string text = Written().at("adapter_config.json");
  const Json config = Json::parse(text);
  EXPECT_EQ(config["target_modules"], (Json{"q_proj", "v_proj"}));
  EXPECT_EQ(config["base_model_name_or_path"], "org/base");
  EXPECT_THAT(text, HasSubstr("\n  \"lora_alpha\": 6,\n  \"lora_dropout\": 0.25,\n"));
  EXPECT_EQ(text, config.dump(2) + "\n");
}

TEST(PeftFolder, FoldsTheScaleOfRsLora) {
  Files files = Written();
  Json config = Json::parse(files["adapter_config.json"]);
  config["use_rslora"] = true;
  files["adapter_config.json"] = config.dump();
  const TemporaryFolder folder(files);
  const auto adapter = ReadPeftFolder(folder.path(), testing::TinyConfig());
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  EXPECT_DOUBLE_EQ(adapter->config.ScaleAt(7), 6 / 2.0);  // alpha / sqrt(rank)
}

TEST(PeftFolder, NamesWhatItCannotFollow) {
  EXPECT_THAT(ReadErrorWith("peft_type", "IA3"), HasSubstr("'peft_type' is \"IA3\""));
  EXPECT_THAT(ReadErrorWith("layer_replication", {{0, 1}}), HasSubstr("'layer_replication'"));
  EXPECT_THAT(ReadErrorWith("init_lora_weights", "pissa"), HasSubstr("a base that this changed"));
  EXPECT_THAT(ReadErrorWith("use_dora", true), HasSubstr("lora_magnitude_vector' is missing"));
  EXPECT_THAT(ReadErrorWith("bias", "some"), HasSubstr("bias: 'some'"));
  EXPECT_THAT(ReadErrorWith("bias", 1), HasSubstr("'bias' is 1"));
  EXPECT_THAT(ReadErrorWith("modules_to_save", "lm_head"), HasSubstr("'modules_to_save'"));
  EXPECT_THAT(ReadErrorWith("modules_to_save", {3}), HasSubstr("'modules_to_save' has 3"));
  EXPECT_THAT(ReadErrorWith("modules_to_save", {"lm_head"}), HasSubstr("lm_head.weight' is miss"));
  EXPECT_THAT(ReadErrorWith("modules_to_save", {"q_proj"}), HasSubstr("has an adapter, too"));
  EXPECT_THAT(ReadErrorWith("rank_pattern", {{"q_proj", 2}}), HasSubstr("is F32 [4, 16]"));
  EXPECT_THAT(ReadErrorWith("rank_pattern", {{"q_proj", 0}}), HasSubstr("'rank_pattern' has 0"));
  EXPECT_THAT(ReadErrorWith("alpha_pattern", {1}), HasSubstr("'alpha_pattern' is not a mapping"));
  EXPECT_THAT(ReadErrorWith("r", 0), HasSubstr("'r' is 0"));
  EXPECT_THAT(ReadErrorWith("lora_alpha", "6"), HasSubstr("'lora_alpha'"));
}

TEST(PeftFolder, NamesATensorThatDoesNotFit) {
  EXPECT_THAT(ReadErrorWith("r", 8), HasSubstr("lora_A.weight' is F32 [4, 16]"));
  Files files = Written();
  const float zero = 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(&zero), sizeof(zero));
  files["adapter_model.safetensors"] = SerializeSafetensors({{"other", Dtype::kF32, {1}, bytes}});
  EXPECT_THAT(ReadError(files), HasSubstr("'other' fits no linear layer"));
  files.erase("adapter_model.safetensors");
  EXPECT_THAT(ReadError(files), HasSubstr("adapter_model.safetensors"));
}

}  // namespace
}  // namespace ropewalk
