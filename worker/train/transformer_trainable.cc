#include "worker/train/transformer_trainable.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/status_macros.h"
#include "worker/model/generate.h"
#include "worker/model/model_folder.h"
#include "worker/model/transformer.h"
#include "worker/peft/full.h"
#include "worker/peft/lora_hook.h"
#include "worker/peft/peft_folder.h"
#include "worker/peft/target_modules.h"
#include "worker/train/inference_model.h"
#include "worker/train/precision.h"

namespace ropewalk {
namespace {

// What all methods share.
class TransformerTrainable : public TrainableModel {
 public:
  TransformerTrainable(const ModelConfig& config, MatMulPrecision precision,
                       LinearHook<float>* hook, ParameterLayout layout)
      : transformer_(config, precision, hook), layout_(std::move(layout)) {}

  const ParameterLayout& layout() const override { return layout_; }

  void SetActivationCheckpointing(bool on) override { transformer_.SetActivationCheckpointing(on); }

  absl::StatusOr<double> Loss(const PackedTokens& tokens) override {
    return transformer_.Loss(tokens);
  }

  absl::StatusOr<std::vector<std::vector<int32_t>>> Generate(
      const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) override {
    return GenerateGreedily(transformer_, prompts, max_new_tokens, eos);
  }

 protected:
  Transformer<float> transformer_;
  const ParameterLayout layout_;
};

// A hook, which must exist before the transformer that it is for.
struct HookHolder {
  HookHolder(const ModelConfig& model, const LoraConfig& config)
      : places(LinearPlaces(model)), hook(places, config) {}

  const std::vector<LinearPlace> places;
  LoraHook<float> hook;
};

class LoraTrainable final : private HookHolder, public TransformerTrainable {
 public:
  LoraTrainable(const ModelFolder& folder, MatMulPrecision precision, LoraConfig config,
                std::string base_model)
      : HookHolder(folder.config(), config),
        TransformerTrainable(folder.config(), precision, &hook, LoraLayout(places, config)),
        config_(std::move(config)),
        base_model_(std::move(base_model)) {
    LoadWeights(folder, &transformer_);
  }

  void InitializeParameters(uint64_t seed, absl::Span<float> parameters) const override {
    InitializeLora(layout_, seed, parameters);
  }

  void SetParameters(absl::Span<const float> parameters) override {
    hook.SetParameters(parameters);
  }

  absl::StatusOr<double> AccumulateGradient(const PackedTokens& tokens, const RandomKey& key,
                                            absl::Span<float> gradient) override {
    hook.SetGradient(gradient);
    return transformer_.AccumulateGradient(tokens, key, /*weight_gradients=*/nullptr);
  }

  absl::StatusOr<std::map<std::string, std::string>> Export(
      absl::Span<const float> parameters) const override {
    return WritePeftFolder(places, config_, parameters, base_model_);
  }

 private:
  const LoraConfig config_;
  const std::string base_model_;
};

class FullTrainable final : public TransformerTrainable {
 public:
  FullTrainable(ModelFolder folder, std::string path, MatMulPrecision precision)
      : TransformerTrainable(folder.config(), precision, nullptr, FullLayout(folder.config())),
        folder_(std::move(folder)),
        path_(std::move(path)),
        specs_(WeightSpecs(folder_.config())) {}

  void InitializeParameters(uint64_t seed, absl::Span<float> parameters) const override {
    if (!folder_.has_weights()) return InitializeFull(folder_.config(), seed, parameters);
    for (size_t i = 0; i < specs_.size(); ++i) {
      folder_.ReadWeight(specs_[i], Of(layout_.entries[i], parameters));
    }
  }

  void SetParameters(absl::Span<const float> parameters) override {
    for (size_t i = 0; i < specs_.size(); ++i) {
      transformer_.SetWeight(i, Of(layout_.entries[i], parameters));
    }
  }

  absl::StatusOr<double> AccumulateGradient(const PackedTokens& tokens, const RandomKey& key,
                                            absl::Span<float> gradient) override {
    return transformer_.AccumulateGradient(tokens, key, gradient.data());
  }

  absl::StatusOr<std::map<std::string, std::string>> Export(
      absl::Span<const float> parameters) const override {
    return WriteModelFolder(path_, folder_.config(), parameters);
  }

 private:
  template <typename T>
  static absl::Span<T> Of(const ParameterEntry& entry, absl::Span<T> parameters) {
    return parameters.subspan(entry.offset, entry.size);
  }

  const ModelFolder folder_;
  const std::string path_;
  const std::vector<WeightSpec> specs_;
};

absl::StatusOr<LoraConfig> LoraConfigOf(const v1::Lora& lora, const ModelConfig& model) {
  if (lora.rank() < 1 || !(lora.dropout() >= 0 && lora.dropout() < 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "method.lora: rank ", lora.rank(), " or dropout ", lora.dropout(), " is out of range"));
  }
  LoraConfig config{.rank = lora.rank(), .alpha = lora.alpha(), .dropout = lora.dropout()};
  const std::vector<std::string> targets(lora.target_modules().begin(),
                                         lora.target_modules().end());
  ASSIGN_OR_RETURN(config.places, SelectPlaces(LinearPlaces(model), targets));
  return config;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainableModel>> CreateTrainable(const std::string& model_folder,
                                                                const std::string& base_model,
                                                                const v1::Method& method,
                                                                v1::Precision precision) {
  ASSIGN_OR_RETURN(const MatMulPrecision matmul_precision, SupportedPrecision(precision));
  ASSIGN_OR_RETURN(ModelFolder folder, ModelFolder::Open(model_folder));
  if (method.has_full()) {
    return std::make_unique<FullTrainable>(std::move(folder), model_folder, matmul_precision);
  }
  if (!folder.has_weights()) {
    return absl::FailedPreconditionError(absl::StrCat(
        model_folder, " has no weights; only the method full can start from random ones"));
  }
  ASSIGN_OR_RETURN(LoraConfig config, LoraConfigOf(method.lora(), folder.config()));
  return std::make_unique<LoraTrainable>(folder, matmul_precision, std::move(config), base_model);
}

}  // namespace ropewalk
