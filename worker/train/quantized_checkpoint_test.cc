#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "ropewalk/v1/job_service.pb.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/ops/ops_testing.h"
#include "worker/train/base_storage.h"
#include "worker/train/transformer_trainable.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

// tests/golden/quant/make_checkpoints.py says how the folders came about.
std::string Folder(const std::string& name) { return "tests/golden/quant/" + name; }

std::string ReadFile(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<double> FromHex(const std::string& hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return {values.begin(), values.end()};
}

absl::Status Load(const std::string& name, WantedStorage storage) {
  const auto folder = ModelFolder::Open(Folder(name));
  EXPECT_TRUE(folder.ok()) << folder.status();
  Transformer<float> transformer(folder->config(), MatMulPrecision::kFull, nullptr,
                                 storage.value_or(WeightStorage::kFloat32));
  return LoadWeights(*folder, storage, &transformer);
}

void ExpectAgreesWithTransformers(const std::string& name, WantedStorage storage) {
  const auto golden = nlohmann::json::parse(ReadFile(Folder(name) + "/expected.json"));
  const auto folder = ModelFolder::Open(Folder(name));
  ASSERT_TRUE(folder.ok()) << folder.status();
  const ModelConfig& config = folder->config();
  Transformer<float> transformer(config, MatMulPrecision::kFull, nullptr,
                                 storage.value_or(WeightStorage::kFloat32));
  ASSERT_TRUE(LoadWeights(*folder, storage, &transformer).ok());
  const PackedTokens tokens = testing::Pack({golden["tokens"].get<std::vector<int32_t>>()});
  ExpectClose(transformer.Logits(tokens).value(), FromHex(golden["logits"]), 1e-4);
  int64_t size = 0;
  for (const WeightSpec& spec : WeightSpecs(config)) size += spec.size;
  std::vector<float> gradient(size);
  const double loss = transformer.AccumulateGradient(tokens, RandomKey{}, gradient.data()).value();
  EXPECT_NEAR(loss, golden["loss"].get<double>(), 1e-4);
  gradient.resize(config.vocab_size * config.hidden_size);  // the embedding's come first
  ExpectClose(gradient, FromHex(golden["embedding_gradient"]), 1e-4);
}

TEST(QuantizedCheckpoint, ComputesAsTransformersDoes) {
  for (const char* name : {"nf4_double", "nf4", "int8"}) {
    SCOPED_TRACE(name);
    ExpectAgreesWithTransformers(name, std::nullopt);
  }
}

TEST(QuantizedCheckpoint, MayBeDequantized) {
  ExpectAgreesWithTransformers("nf4_double", WeightStorage::kFloat32);
  ExpectAgreesWithTransformers("int8", WeightStorage::kFloat32);
}

TEST(QuantizedCheckpoint, IsHeldAsItIs) {
  for (const auto& [name, storage] : {std::pair{"nf4_double", WeightStorage::kNf4Double},
                                      {"nf4", WeightStorage::kNf4},
                                      {"int8", WeightStorage::kInt8}}) {
    const auto folder = ModelFolder::Open(Folder(name));
    for (const WeightSpec& spec : WeightSpecs(folder->config())) {
      const auto stored = folder->ReadStored(spec);
      if (spec.name.ends_with(".q_proj.weight")) {
        EXPECT_EQ(stored->storage(), storage);
      }
      if (spec.is_norm || spec.name == "lm_head.weight") {
        EXPECT_EQ(stored, nullptr);
      }
    }
  }
}

TEST(QuantizedCheckpoint, IsNotQuantizedASecondTime) {
  EXPECT_TRUE(Load("nf4", WeightStorage::kNf4Double).ok());
  EXPECT_TRUE(Load("nf4", WeightStorage::kBfloat16).ok());
  EXPECT_THAT(Load("nf4", WeightStorage::kInt8).message(), HasSubstr("nf4 already"));
  EXPECT_THAT(Load("int8", WeightStorage::kNf4).message(), HasSubstr("int8 already"));
}

TEST(QuantizedCheckpoint, CannotBeTrainedWhole) {
  v1::Method full;
  full.mutable_full();
  const auto model = CreateTrainable(Folder("nf4"), "base", full, v1::PRECISION_FLOAT32);
  EXPECT_THAT(model.status().message(), HasSubstr("is quantised"));
}

// The folder nf4_double with `from` as `to` in one of its files, the same number of bytes.
std::string ErrorWith(const std::string& from, const std::string& to, bool in_config = false) {
  std::map<std::string, std::string> files;
  for (const char* name : {"config.json", "model.safetensors"}) {
    files[name] = ReadFile(Folder("nf4_double") + "/" + name);
  }
  std::string& text = files[in_config ? "config.json" : "model.safetensors"];
  EXPECT_THAT(text, HasSubstr(from));
  text = absl::StrReplaceAll(text, {{from, to}});
  const testing::TemporaryFolder folder(files);
  return std::string(ModelFolder::Open(folder.path()).status().message());
}

TEST(QuantizedCheckpoint, NamesWhatItCannotRead) {
  const auto config = [](const std::string& from, const std::string& to) {
    return ErrorWith(from, to, /*in_config=*/true);
  };
  EXPECT_THAT(config("\"bitsandbytes\"", "\"gptq\""), HasSubstr("quant_method \"gptq\""));
  EXPECT_THAT(config("\"nf4\"", "\"fp4\""), HasSubstr("bnb_4bit_quant_type \"fp4\""));
  EXPECT_THAT(config("\"uint8\"", "\"bfloat16\""), HasSubstr("bnb_4bit_quant_storage"));
  EXPECT_THAT(config("llm_int8_threshold", "llm_int9_threshold"), HasSubstr("llm_int9_threshold"));
  EXPECT_THAT(config("\"load_in_4bit\": true", "\"load_in_4bit\": false"),
              HasSubstr("not just one"));
}

TEST(QuantizedCheckpoint, NamesTheTensorThatIsNotAsItShouldBe) {
  EXPECT_THAT(ErrorWith("k_proj.weight.absmax", "k_proj.weight.absmix"),
              HasSubstr("k_proj.weight.absmax' is missing"));
  EXPECT_THAT(ErrorWith("k_proj.weight.quant_map", "k_proj.weight.quant_mop"),
              HasSubstr("k_proj.weight.quant_map' is missing"));
  EXPECT_THAT(ErrorWith("k_proj.weight.quant_state.bitsandbytes__nf4",
                        "k_proj.weight.quant_state.bitsandbytes__fp4"),
              HasSubstr("bitsandbytes__nf4' is missing"));
  EXPECT_THAT(ErrorWith("\"blocksize\": 64", "\"blocksize\": 32"), HasSubstr("'blocksize' is 32"));
  EXPECT_THAT(ErrorWith("\"nested_blocksize\": 256", "\"nested_blocksize\": 128"),
              HasSubstr("'nested_blocksize' is 128"));
  EXPECT_THAT(ErrorWith("\"nested_offset\": 0", "\"nested_offest\": 0"),
              HasSubstr("nested_offset"));
  EXPECT_THAT(ErrorWith("\"quant_type\"", "{quant_type\""), HasSubstr("quant_state"));
}

}  // namespace
}  // namespace ropewalk
