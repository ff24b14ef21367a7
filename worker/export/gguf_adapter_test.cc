#include "worker/export/gguf_adapter.h"

#include <cstring>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/export/gguf.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

// One adapter of rank 2 on a place, whose B has the number of its row in every column.
LoraAdapter AdapterOn(const ModelConfig& config, int64_t place) {
  LoraAdapter adapter;
  adapter.config = {.rank = 2, .alpha = 6, .places = {place}};
  const LinearPlace at = LinearPlaces(config)[place];
  adapter.parameters.assign(2 * at.in_size, 0.5f);
  for (int64_t row = 0; row < at.out_size; ++row) {
    adapter.parameters.insert(adapter.parameters.end(), 2, static_cast<float>(row));
  }
  return adapter;
}

// The last `count` floats of a file whose data end at its end.
std::vector<float> LastFloats(const std::string& file, size_t count) {
  std::vector<float> values(count);
  std::memcpy(values.data(), file.data() + file.size() - 4 * count, 4 * count);
  return values;
}

TEST(Gguf, IsAlignedAndTheSameEachTime) {
  const std::vector<GgufValue> values = {{"a", std::string("text")}, {"b", 1.5f}};
  const std::vector<GgufTensor> tensors = {{"x", {1, 3}, {1, 2, 3}}, {"y", {2}, {4, 5}}};
  const std::string file = SerializeGguf(values, tensors);
  EXPECT_EQ(file.substr(0, 8), std::string("GGUF\3\0\0\0", 8));
  EXPECT_EQ(file.size() % 32, 0u);
  EXPECT_EQ(file, SerializeGguf(values, tensors));
}

TEST(GgufAdapter, PairsTheRowsOfQueriesForLlama) {
  ModelConfig config = testing::TinyConfig();  // heads of 4
  config.architecture = "LlamaForCausalLM";
  const std::string file =
      GgufAdapter(config, AdapterOn(config, PlaceOf(1, Linear::kQuery))).value();
  EXPECT_THAT(file, HasSubstr("blk.1.attn_q.weight.lora_b"));
  EXPECT_EQ(LastFloats(file, 16),
            (std::vector<float>{8, 8, 10, 10, 9, 9, 11, 11, 12, 12, 14, 14, 13, 13, 15, 15}));
}

TEST(GgufAdapter, LeavesOtherRowsAsTheyAre) {
  ModelConfig config = testing::TinyConfig();
  const std::vector<float> in_order = {12, 12, 13, 13, 14, 14, 15, 15};
  config.architecture = "Qwen2ForCausalLM";
  EXPECT_EQ(
      LastFloats(GgufAdapter(config, AdapterOn(config, PlaceOf(0, Linear::kQuery))).value(), 8),
      in_order);
  config.architecture = "LlamaForCausalLM";
  EXPECT_EQ(
      LastFloats(GgufAdapter(config, AdapterOn(config, PlaceOf(0, Linear::kOutput))).value(), 8),
      in_order);
}

TEST(GgufAdapter, RefusesWhatLlamaCppHasNoNameFor) {
  ModelConfig config = testing::TinyConfig();
  config.architecture = "OtherForCausalLM";
  EXPECT_THAT(GgufAdapter(config, AdapterOn(config, 0)).status().message(),
              HasSubstr("OtherForCausalLM"));
  config.architecture = "LlamaForCausalLM";
  EXPECT_FALSE(GgufAdapter(config, LoraAdapter()).ok());
}

}  // namespace
}  // namespace ropewalk
