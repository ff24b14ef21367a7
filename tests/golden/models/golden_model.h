#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "worker/model/mapped_file.h"
#include "worker/model/model_folder.h"
#include "worker/model/safetensors.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/model/transformer.h"

namespace ropewalk::testing {

// A model of this folder and what transformers makes of it: make_models.py says what is in the
// files. Fails the test, by an exception, where a file is not as it should be; for tests only.
class GoldenModel {
 public:
  // All of them as "family/rope", sorted.
  static std::vector<std::string> Names();

  explicit GoldenModel(const std::string& name);

  // A Hugging Face folder with the model and a tokenizer.
  const std::string& folder() const { return folder_->path(); }

  // The PEFT adapter as it is before training.
  std::string adapter_folder() const { return root_ + "/lora"; }

  // A transformer with the model's weights. T is float or Bfloat16.
  template <typename T = float>
  std::unique_ptr<Transformer<T>> Load(MatMulPrecision precision) const;

  const ModelConfig& config() const { return model_->config(); }
  const nlohmann::json& expected() const { return expected_; }

  // [kept rows of both documents][vocabulary].
  const std::vector<float>& logits() const { return logits_; }
  // Of each weight, in the order of WeightSpecs.
  const std::vector<std::vector<float>>& gradients() const { return gradients_; }

 private:
  const std::string root_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<ModelFolder> model_;
  nlohmann::json expected_;
  std::vector<float> logits_;
  std::vector<std::vector<float>> gradients_;
};

// The token ids of the documents; the first two are those of the logits and gradients.
std::vector<std::vector<int32_t>> GoldenDocuments();

// The file to train on.
std::string GoldenRows();

// Of the differences of `values` from `expected`, relative to `expected`, as Euclidean norms.
double RelativeError(const std::vector<float>& values, const std::vector<float>& expected);

}  // namespace ropewalk::testing
