#include "worker/train/inference_model.h"

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/model/generate.h"

namespace ropewalk {

absl::StatusOr<std::unique_ptr<InferenceModel>> InferenceModel::Open(
    const std::string& base_folder, const std::string& adapter_folder, MatMulPrecision precision) {
  ASSIGN_OR_RETURN(const ModelFolder base, ModelFolder::Open(base_folder));
  if (!base.has_weights()) {
    return absl::FailedPreconditionError(absl::StrCat(base_folder, " has no weights"));
  }
  LoraAdapter adapter;
  if (!adapter_folder.empty()) {
    ASSIGN_OR_RETURN(adapter, ReadPeftFolder(adapter_folder, LinearPlaces(base.config())));
  }
  return absl::WrapUnique(new InferenceModel(base, adapter, precision));
}

InferenceModel::InferenceModel(const ModelFolder& base, const LoraAdapter& adapter,
                               MatMulPrecision precision)
    : hook_(LinearPlaces(base.config()), adapter.config),
      transformer_(base.config(), precision, &hook_) {
  LoadWeights(base, &transformer_);
  if (adapter.config.dora) SetBases(base, adapter.config, transformer_, &hook_);
  hook_.SetParameters(adapter.parameters);
}

absl::StatusOr<std::vector<std::vector<int32_t>>> InferenceModel::Generate(
    const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) {
  return GenerateGreedily(transformer_, prompts, max_new_tokens, eos);
}

void SetBases(const ModelFolder& folder, const LoraConfig& config,
              const Transformer<float>& transformer, LoraHook<float>* hook) {
  const std::vector<WeightSpec> specs = WeightSpecs(folder.config());
  const WeightIndex& index = transformer.weights().index();
  std::vector<float> values;
  for (const int64_t place : config.places) {
    const WeightSpec& spec = specs[index.Matrix(place / kLinearsPerLayer,
                                                static_cast<Linear>(place % kLinearsPerLayer))];
    values.resize(spec.size);
    folder.ReadWeight(spec, absl::MakeSpan(values));
    hook->SetBase(place, &transformer.weights().Place(place), values);
  }
}

void LoadWeights(const ModelFolder& folder, Transformer<float>* transformer) {
  const std::vector<WeightSpec> specs = WeightSpecs(folder.config());
  std::vector<float> values;
  for (size_t index = 0; index < specs.size(); ++index) {
    values.resize(specs[index].size);
    folder.ReadWeight(specs[index], absl::MakeSpan(values));
    transformer->SetWeight(index, values);
  }
}

}  // namespace ropewalk
