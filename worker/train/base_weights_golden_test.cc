#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "ropewalk/v1/job_service.pb.h"
#include "worker/model/float_tensor.h"
#include "worker/model/mapped_file.h"
#include "worker/model/safetensors.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/optim/optimizer.h"
#include "worker/peft/peft_folder.h"
#include "worker/tensor/parallel.h"
#include "worker/train/inference_model.h"
#include "worker/train/transformer_trainable.h"

// Adapters that train weights of their base, too, and what PEFT computes with them: values,
// gradients, training, and the folder it saves. tests/golden/peft/make_peft.py says how the files
// came about.

namespace ropewalk {
namespace {

using Json = nlohmann::json;
using Tensors = std::map<std::string, std::vector<float>>;

Json ReadJson(const std::string& path) { return Json::parse(std::ifstream(path)); }

Tensors TensorsOf(absl::string_view bytes) {
  Tensors tensors;
  const Safetensors parsed = ParseSafetensors(bytes, "golden").value();
  for (const auto& [name, tensor] : parsed.tensors) {
    std::vector<float>& values = tensors[name];
    values.resize(tensor.bytes.size() / sizeof(float));
    ToFloat32(tensor, absl::MakeSpan(values));
  }
  return tensors;
}

Tensors ReadTensors(const std::string& path) {
  const auto file = MappedFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status();
  return TensorsOf(file->bytes());
}

double RelativeError(absl::Span<const float> values, const std::vector<float>& expected) {
  EXPECT_EQ(values.size(), expected.size());
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(values[i] - expected[i], 2);
    norm += std::pow(expected[i], 2);
  }
  return std::sqrt(difference / norm);
}

// The job's method that asks for what PEFT's config says.
v1::Method MethodOf(const Json& config) {
  v1::Method method;
  v1::Lora& lora = *method.mutable_lora();
  lora.set_rank(config["r"]);
  lora.set_alpha(config["lora_alpha"]);
  lora.set_use_dora(config["use_dora"]);
  for (const std::string target : config["target_modules"]) lora.add_target_modules(target);
  lora.set_bias(config["bias"]);
  for (const auto& module : config["modules_to_save"]) lora.add_modules_to_save(module);
  lora.set_ensure_weight_tying(config["ensure_weight_tying"]);
  return method;
}

class BaseWeightsGolden : public ::testing::TestWithParam<std::string> {
 protected:
  BaseWeightsGolden()
      : adapter_("tests/golden/peft/trained/" + GetParam()),
        base_(adapter_.substr(0, adapter_.rfind('/')) + "/base"),
        config_(ReadJson(adapter_ + "/adapter_config.json")),
        expected_(ReadJson(adapter_ + "/expected.json")),
        tokens_(testing::Pack({expected_["tokens"].get<std::vector<int32_t>>()})),
        targets_(tokens_.tokens.size() - 1) {
    SetThreads(1);
  }

  // Set to the parameters of PEFT's adapter.
  std::unique_ptr<TrainableModel> Trainable() {
    auto model = CreateTrainable(base_, "org/base", MethodOf(config_), v1::PRECISION_FLOAT32);
    EXPECT_TRUE(model.ok()) << model.status();
    const auto folder = ModelFolder::Open(base_);
    const auto adapter = ReadPeftFolder(adapter_, folder->config());
    EXPECT_TRUE(adapter.ok()) << adapter.status();
    parameters_ = adapter->parameters;
    EXPECT_EQ(parameters_.size(), static_cast<size_t>((*model)->layout().size));
    (*model)->SetParameters(parameters_);
    return std::move(model).value();
  }

  // The mean loss and its gradient.
  double Accumulate(TrainableModel* model, std::vector<float>* gradient) {
    gradient->assign(parameters_.size(), 0);
    const double loss =
        model->AccumulateGradient(tokens_, RandomKey(), absl::MakeSpan(*gradient)).value();
    for (float& value : *gradient) value /= targets_;
    return loss / targets_;
  }

  const std::string adapter_, base_;
  const Json config_, expected_;
  const PackedTokens tokens_;
  const double targets_;
  std::vector<float> parameters_;
};

TEST_P(BaseWeightsGolden, LogitsAreThoseOfPeft) {
  auto model = InferenceModel::Open(base_, adapter_, MatMulPrecision::kFull);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_NEAR((*model)->Loss(tokens_).value() / targets_, expected_["loss"].get<double>(), 1e-5);
  const std::vector<float> logits = (*model)->Logits(tokens_).value();
  ASSERT_EQ(logits.size(), expected_["logits"].size());
  for (size_t i = 0; i < logits.size(); ++i) {
    ASSERT_NEAR(logits[i], expected_["logits"][i].get<float>(), 1e-4) << "logit " << i;
  }
}

TEST_P(BaseWeightsGolden, GradientsAreThoseOfPeft) {
  const auto model = Trainable();
  std::vector<float> gradient;
  Accumulate(model.get(), &gradient);
  const Tensors expected = ReadTensors(adapter_ + "/gradients.safetensors");
  ASSERT_EQ(expected.size(), model->layout().entries.size());
  for (const ParameterEntry& entry : model->layout().entries) {
    ASSERT_EQ(expected.count(entry.name), 1u) << entry.name;
    EXPECT_LE(RelativeError({&gradient[entry.offset], static_cast<size_t>(entry.size)},
                            expected.at(entry.name)),
              1e-4)
        << entry.name;
  }
}

TEST_P(BaseWeightsGolden, TrainingHasTheLossesOfPeft) {
  const auto model = Trainable();
  std::vector<OptimizedTensor> tensors;
  for (const ParameterEntry& entry : model->layout().entries) {
    tensors.push_back({.offset = entry.offset, .rows = entry.size, .decay = entry.decay});
  }
  const auto optimizer = CreateOptimizer(
      {.epsilon = 1e-6, .weight_decay = expected_["weight_decay"].get<double>()}, tensors);
  OptimizerState state = optimizer->InitialState();
  std::vector<float> gradient;
  int64_t step = 0;
  for (const double loss : expected_["losses"]) {
    EXPECT_NEAR(Accumulate(model.get(), &gradient), loss, 1e-5) << "step " << step + 1;
    optimizer->Step(expected_["learning_rate"], ++step, /*gradient_scale=*/1, gradient,
                    absl::MakeSpan(parameters_), &state);
    model->SetParameters(parameters_);
  }
}

TEST_P(BaseWeightsGolden, TrainingStartsFromTheBase) {
  const auto model = Trainable();
  std::vector<float> start(parameters_.size());
  model->InitializeParameters(/*seed=*/7, absl::MakeSpan(start));
  model->SetParameters(start);
  const auto base = InferenceModel::Open(base_, "", MatMulPrecision::kFull);
  EXPECT_NEAR(model->Loss(tokens_).value(), (*base)->Loss(tokens_).value(), 1e-5);
}

TEST_P(BaseWeightsGolden, ExportsWhatPeftSaves) {
  const auto model = Trainable();
  const auto files = model->Export(parameters_).value();
  Tensors expected = ReadTensors(adapter_ + "/adapter_model.safetensors");
  std::erase_if(expected, [](const auto& tensor) {  // values that the file has under another name
    return absl::StrContains(tensor.first, ".original_module.") ||
           absl::StrContains(tensor.first, ".modules_to_save.");
  });
  EXPECT_EQ(TensorsOf(files.at("adapter_model.safetensors")), expected);
  const Json config = Json::parse(files.at("adapter_config.json"));
  for (const char* key : {"bias", "modules_to_save"}) EXPECT_EQ(config[key], config_[key]) << key;
  EXPECT_EQ(config.value("ensure_weight_tying", false), config_["ensure_weight_tying"]);
}

std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, BaseWeightsGolden,
                         ::testing::Values("qwen2/bias_all", "qwen2/bias_lora_only",
                                           "qwen2/embeddings", "qwen2/norm", "llama/bias_all",
                                           "llama/bias_lora_only", "llama/mixed",
                                           "tied/embeddings"),
                         TestName);

}  // namespace
}  // namespace ropewalk
