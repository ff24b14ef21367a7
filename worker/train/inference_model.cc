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
  hook_.SetParameters(adapter.parameters);
  LoadWeights(base, &transformer_);
}

absl::StatusOr<std::vector<std::vector<int32_t>>> InferenceModel::Generate(
    const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) {
  return GenerateGreedily(transformer_, prompts, max_new_tokens, eos);
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
