#include "worker/export/merged_model.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/peft/lora_hook.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

using Files = std::map<std::string, std::string>;

class MergedModelTest : public ::testing::Test {
 protected:
  MergedModelTest()
      : config_(testing::TinyConfig()),
        places_(LinearPlaces(config_)),
        base_({{"config.json", testing::TinyConfigJson()},
               {"chat_template.jinja", "{{ messages }}"},
               {"model.safetensors",
                testing::TinySafetensors(config_, testing::TinyWeights(config_))}}) {
    adapter_.config = {.rank = 3, .alpha = 6, .places = {0, 3, 5, 9}};
    adapter_.parameters.resize(LoraLayout(places_, adapter_.config).size);
    FillNormal(1, 0, 0.3f, adapter_.parameters.data(), adapter_.parameters.size());
  }

  Files Merge(int64_t max_shard_bytes) const {
    Files files;
    const absl::Status status =
        WriteMergedModel(base_.path(), ModelFolder::Open(base_.path()).value(), adapter_,
                         max_shard_bytes, [&](const std::string& path, absl::string_view bytes) {
                           files[path] = std::string(bytes);
                           return absl::OkStatus();
                         });
    EXPECT_TRUE(status.ok()) << status;
    return files;
  }

  static std::vector<float> Logits(const std::string& folder, LinearHook<float>* hook) {
    const ModelFolder opened = ModelFolder::Open(folder).value();
    Transformer<float> model(opened.config(), MatMulPrecision::kFull, hook);
    const std::vector<WeightSpec> specs = WeightSpecs(opened.config());
    for (size_t i = 0; i < specs.size(); ++i) {
      std::vector<float> values(specs[i].size);
      opened.ReadWeight(specs[i], absl::MakeSpan(values));
      model.SetWeight(i, values);
    }
    return model.Logits(testing::Pack({{3, 1, 4, 1, 5, 9}})).value();
  }

  const ModelConfig config_;
  const std::vector<LinearPlace> places_;
  const testing::TemporaryFolder base_;
  LoraAdapter adapter_;
};

TEST_F(MergedModelTest, ComputesWhatBaseAndAdapterCompute) {
  LoraHook<float> hook(places_, adapter_.config, MatMulPrecision::kFull);
  hook.SetParameters(adapter_.parameters);
  const std::vector<float> wanted = Logits(base_.path(), &hook);
  const testing::TemporaryFolder merged(Merge(kMaxShardBytes));
  const std::vector<float> given = Logits(merged.path(), nullptr);
  ASSERT_EQ(given.size(), wanted.size());
  for (size_t i = 0; i < given.size(); ++i) EXPECT_NEAR(given[i], wanted[i], 1e-4);
}

TEST_F(MergedModelTest, KeepsWhatIsBesideTheWeights) {
  const Files files = Merge(kMaxShardBytes);
  EXPECT_EQ(files.size(), 3u);
  EXPECT_EQ(files.at("chat_template.jinja"), "{{ messages }}");
  EXPECT_EQ(files.at("config.json"), testing::TinyConfigJson());
}

TEST_F(MergedModelTest, CutsLargeModelsIntoFilesWithAnIndex) {
  const testing::TemporaryFolder whole(Merge(kMaxShardBytes));
  const Files files = Merge(4000);
  EXPECT_GT(files.size(), 5u);
  EXPECT_EQ(files.count("model.safetensors.index.json"), 1u);
  const testing::TemporaryFolder cut(files);
  EXPECT_EQ(Logits(cut.path(), nullptr), Logits(whole.path(), nullptr));
}

}  // namespace
}  // namespace ropewalk
