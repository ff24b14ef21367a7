#include "worker/peft/full.h"

#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "worker/model/model_folder.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using testing::TemporaryFolder;
using testing::TinyConfig;
using testing::TinyConfigJson;

TEST(FullLayout, DecaysAllButNorms) {
  const ParameterLayout layout = FullLayout(TinyConfig());
  int64_t end = 0;
  for (const ParameterEntry& entry : layout.entries) {
    EXPECT_EQ(entry.offset, end);
    EXPECT_EQ(entry.decay, entry.name.find("norm") == std::string::npos) << entry.name;
    end += entry.size;
  }
  EXPECT_EQ(layout.size, end);
}

TEST(InitializeFull, DrawsWeightsAndSetsNormsToOne) {
  const ModelConfig config = TinyConfig();
  const ParameterLayout layout = FullLayout(config);
  std::vector<float> values(layout.size), again(layout.size);
  InitializeFull(config, 5, absl::MakeSpan(values));
  InitializeFull(config, 5, absl::MakeSpan(again));
  EXPECT_EQ(values, again);
  double squares = 0, count = 0;
  for (const ParameterEntry& entry : layout.entries) {
    for (int64_t i = entry.offset; i < entry.offset + entry.size; ++i) {
      if (!entry.decay) {
        EXPECT_EQ(values[i], 1.0f);
      } else {
        squares += values[i] * values[i];
        ++count;
      }
    }
  }
  EXPECT_NEAR(std::sqrt(squares / count), config.initializer_range, 0.001);
}

// What a model folder of this config.json gives back after it was written with `weights` and opened
// again.
std::vector<float> RoundTrip(const std::string& config_json, const std::vector<float>& weights) {
  const TemporaryFolder base({{"config.json", config_json},
                              {"tokenizer.json", "{ \"any\": \"bytes\" }"},
                              {"unrelated.txt", "x"}});
  const ModelConfig config = ParseModelConfig(config_json, "config.json").value();
  const auto files = WriteModelFolder(base.path(), config, weights);
  EXPECT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->at("config.json"), config_json);
  EXPECT_EQ(files->at("tokenizer.json"), "{ \"any\": \"bytes\" }");
  EXPECT_EQ(files->size(), 3u);
  const TemporaryFolder written(*files);
  const auto folder = ModelFolder::Open(written.path());
  EXPECT_TRUE(folder.ok()) << folder.status();
  std::vector<float> read(weights.size());
  int64_t offset = 0;
  for (const WeightSpec& spec : WeightSpecs(config)) {
    folder->ReadWeight(spec, absl::MakeSpan(read).subspan(offset, spec.size));
    offset += spec.size;
  }
  return read;
}

TEST(WriteModelFolder, KeepsFloat32Exactly) {
  const std::vector<float> weights = testing::TinyWeights(TinyConfig());
  EXPECT_EQ(RoundTrip(TinyConfigJson(), weights), weights);
}

TEST(WriteModelFolder, RoundsToTheDtypeOfTheConfig) {
  std::string json = TinyConfigJson();
  json.insert(1, "\"torch_dtype\": \"bfloat16\", ");
  const std::vector<float> weights = testing::TinyWeights(TinyConfig());
  const std::vector<float> read = RoundTrip(json, weights);
  EXPECT_NE(read, weights);
  for (size_t i = 0; i < read.size(); ++i) ASSERT_NEAR(read[i], weights[i], 0.004);
}

}  // namespace
}  // namespace ropewalk
