#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/model_folder.h"
#include "worker/model/transformer.h"
#include "worker/ops/linear_weight.h"
#include "worker/peft/lora_hook.h"
#include "worker/peft/peft_folder.h"
#include "worker/train/language_model.h"

namespace ropewalk {

// A model to use, not to train: a base, perhaps with an adapter. Not thread-safe.
class InferenceModel final : public LanguageModel {
 public:
  // Opens a Hugging Face model folder, and a PEFT adapter for it unless `adapter_folder` is empty.
  // INVALID_ARGUMENT or NOT_FOUND: a folder is not what it should be. FAILED_PRECONDITION: the base
  // has no weights.
  static absl::StatusOr<std::unique_ptr<InferenceModel>> Open(const std::string& base_folder,
                                                              const std::string& adapter_folder,
                                                              MatMulPrecision precision);

  const ModelConfig& config() const { return transformer_.config(); }

  absl::StatusOr<double> Loss(const PackedTokens& tokens) override {
    return transformer_.Loss(tokens);
  }
  // [tokens, vocabulary], whole: for short texts.
  absl::StatusOr<std::vector<float>> Logits(const PackedTokens& tokens) {
    return transformer_.Logits(tokens);
  }
  absl::StatusOr<std::vector<std::vector<int32_t>>> Generate(
      const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) override;

 private:
  InferenceModel(const ModelFolder& base, const LoraAdapter& adapter, MatMulPrecision precision);

  LoraHook<float> hook_;
  Transformer<float> transformer_;
};

// Gives `transformer` the weights of the folder, which has some.
void LoadWeights(const ModelFolder& folder, Transformer<float>* transformer);

// Tells `hook`, made for this config, the weights of the base at its places, as DoRA needs.
void SetBases(const ModelFolder& folder, const LoraConfig& config,
              const Transformer<float>& transformer, LoraHook<float>* hook);

}  // namespace ropewalk
