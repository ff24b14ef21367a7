#include "worker/train/inference_model.h"

#include <set>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"
#include "worker/generate/greedy.h"

namespace ropewalk {
namespace {

std::vector<LinearHook<float>*> Pointers(
    const std::vector<std::unique_ptr<LoraHook<float>>>& hooks) {
  std::vector<LinearHook<float>*> pointers;
  for (const auto& hook : hooks) pointers.push_back(hook.get());
  return pointers;
}

absl::Status CheckNames(const std::vector<NamedAdapter>& adapters) {
  std::set<std::string> names;
  for (const NamedAdapter& adapter : adapters) {
    if (names.insert(adapter.name).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("two adapters are called '", adapter.name, "'; give each its own name"));
  }
  return absl::OkStatus();
}

// An adapter that brings weights of the base's own changes the base for every other one.
absl::Status CheckBaseStaysShared(size_t adapters, const std::string& name,
                                  const LoraConfig& config) {
  if (adapters <= 1 || config.base.indices.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the adapter '", name,
                   "' has biases or modules_to_save, which replace the base's; such an adapter can "
                   "only be used alone"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<InferenceModel>> InferenceModel::Open(
    const std::string& base_folder, const std::string& adapter_folder, MatMulPrecision precision,
    WantedStorage storage) {
  std::vector<NamedAdapter> adapters;
  if (!adapter_folder.empty()) adapters.push_back({"adapter", adapter_folder});
  return Open(base_folder, adapters, precision, storage);
}

absl::StatusOr<std::unique_ptr<InferenceModel>> InferenceModel::Open(
    const std::string& base_folder, const std::vector<NamedAdapter>& adapters,
    MatMulPrecision precision, WantedStorage storage) {
  RETURN_IF_ERROR(CheckNames(adapters));
  ASSIGN_OR_RETURN(const ModelFolder base, ModelFolder::Open(base_folder));
  if (!base.has_weights()) {
    return absl::FailedPreconditionError(absl::StrCat(base_folder, " has no weights"));
  }
  std::vector<Adapter> read;
  for (const NamedAdapter& adapter : adapters) {
    ASSIGN_OR_RETURN(LoraAdapter lora, ReadPeftFolder(adapter.folder, base.config()));
    read.push_back({adapter.name, std::move(lora)});
  }
  auto model = absl::WrapUnique(new InferenceModel(base.config(), read, precision,
                                                   storage.value_or(WeightStorage::kFloat32)));
  RETURN_IF_ERROR(model->Load(base, read, storage));
  return model;
}

InferenceModel::InferenceModel(const ModelConfig& base, const std::vector<Adapter>& adapters,
                               MatMulPrecision precision, WeightStorage storage)
    : hooks_(Hooks(base, adapters, precision)),
      router_(LinearPlaces(base), Pointers(hooks_)),
      transformer_(base, precision, &router_, storage) {
  for (const Adapter& adapter : adapters) names_.push_back(adapter.name);
}

absl::Status InferenceModel::Load(const ModelFolder& base, const std::vector<Adapter>& adapters,
                                  WantedStorage storage) {
  RETURN_IF_ERROR(LoadWeights(base, storage, &transformer_));
  for (size_t i = 0; i < adapters.size(); ++i) {
    const LoraAdapter& lora = adapters[i].lora;
    if (lora.config.dora) {
      RETURN_IF_ERROR(CheckHoldsFloat32(base, storage, "an adapter with DoRA"));
      SetBases(base, lora.config, transformer_, hooks_[i].get());
    }
    hooks_[i]->SetParameters(lora.parameters);
    RETURN_IF_ERROR(CheckBaseStaysShared(adapters.size(), adapters[i].name, lora.config));
    RETURN_IF_ERROR(CheckTrainsHeldWeights(base, storage, lora.config.base));
    SetBaseWeights(lora.config.base, lora.parameters, &transformer_);
  }
  return absl::OkStatus();
}

std::vector<std::unique_ptr<LoraHook<float>>> InferenceModel::Hooks(
    const ModelConfig& config, const std::vector<Adapter>& adapters, MatMulPrecision precision) {
  std::vector<std::unique_ptr<LoraHook<float>>> hooks;
  for (const Adapter& adapter : adapters) {
    hooks.push_back(
        std::make_unique<LoraHook<float>>(LinearPlaces(config), adapter.lora.config, precision));
  }
  return hooks;
}

absl::StatusOr<int> InferenceModel::AdapterNumber(absl::string_view name) const {
  if (name.empty()) return RowRouter::kNoHook;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (names_[i] == name) return static_cast<int>(i);
  }
  return absl::NotFoundError(absl::StrCat(
      "there is no adapter '", name, "'; there ",
      names_.empty() ? "is none" : absl::StrCat("are: ", absl::StrJoin(names_, ", "))));
}

void InferenceModel::UseFirstAdapter() {
  router_.RouteAll(names_.empty() ? RowRouter::kNoHook : 0);
}

absl::StatusOr<double> InferenceModel::Loss(const PackedTokens& tokens) {
  UseFirstAdapter();
  return transformer_.Loss(tokens);
}

absl::StatusOr<std::vector<float>> InferenceModel::Logits(const PackedTokens& tokens) {
  UseFirstAdapter();
  return transformer_.Logits(tokens);
}

absl::StatusOr<std::vector<std::vector<int32_t>>> InferenceModel::Generate(
    const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) {
  UseFirstAdapter();
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

template <typename T>
void SetBaseWeights(const BaseWeights& base, absl::Span<const float> parameters,
                    Transformer<T>* transformer) {
  const absl::Span<const float> values = parameters.last(base.layout.size);
  for (size_t i = 0; i < base.indices.size(); ++i) {
    const ParameterEntry& entry = base.layout.entries[i];
    transformer->SetWeight(base.indices[i], values.subspan(entry.offset, entry.size));
  }
}

template void SetBaseWeights(const BaseWeights&, absl::Span<const float>, Transformer<float>*);
template void SetBaseWeights(const BaseWeights&, absl::Span<const float>, Transformer<Bfloat16>*);

}  // namespace ropewalk
