#include "worker/train/transformer_trainable.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/status_macros.h"
#include "worker/export/gguf_adapter.h"
#include "worker/export/merged_model.h"
#include "worker/generate/greedy.h"
#include "worker/model/model_folder.h"
#include "worker/model/transformer.h"
#include "worker/peft/full.h"
#include "worker/peft/lora_hook.h"
#include "worker/peft/peft_folder.h"
#include "worker/tensor/parallel.h"
#include "worker/train/base_storage.h"
#include "worker/train/inference_model.h"
#include "worker/train/lora_options.h"
#include "worker/train/precision.h"

namespace ropewalk {
namespace {

// What all methods share. T is what layers read and write: Bfloat16 where products round to it.
template <typename T>
class TransformerTrainable : public TrainableModel {
 public:
  TransformerTrainable(const ModelConfig& config, MatMulPrecision precision, LinearHook<T>* hook,
                       ParameterLayout layout, WeightStorage storage = WeightStorage::kFloat32)
      : transformer_(config, precision, hook, storage), layout_(std::move(layout)) {}

  const ParameterLayout& layout() const override { return layout_; }

  int64_t layer_count() const override { return transformer_.config().num_hidden_layers; }

  void SetCheckpointedLayers(int64_t count) override { transformer_.SetCheckpointedLayers(count); }

  MemoryPlan PlanMemory(int64_t rows, int64_t checkpointed_layers) override {
    const Weights<T>& weights = transformer_.weights();
    return {{{"mapped weights", weights.Arrays(/*mapped=*/true), /*mapped=*/true},
             {"weights", weights.Arrays(/*mapped=*/false)},
             {"activations", transformer_.PlanActivations(rows, checkpointed_layers)},
             {"scratch", transformer_.PlanScratch(rows)},
             {"loss", transformer_.LossArrays()}}};
  }

  absl::StatusOr<double> Loss(const PackedTokens& tokens) override {
    return transformer_.Loss(tokens);
  }

 protected:
  Transformer<T> transformer_;
  const ParameterLayout layout_;
};

// What a LoRA job publishes beside the PEFT folder.
struct Outputs {
  std::string model_folder;
  bool merged = false;
  bool gguf = false;
};

Outputs OutputsOf(const v1::Lora& lora, const std::string& model_folder) {
  const auto has = [&](v1::Output output) {
    return std::find(lora.outputs().begin(), lora.outputs().end(), output) != lora.outputs().end();
  };
  return {model_folder, has(v1::OUTPUT_MERGED), has(v1::OUTPUT_GGUF)};
}

// A hook, which must exist before the transformer that it is for.
template <typename T>
struct HookHolder {
  HookHolder(const ModelConfig& model, const LoraConfig& config, MatMulPrecision precision)
      : places(LinearPlaces(model)), hook(places, config, precision) {}

  const std::vector<LinearPlace> places;
  LoraHook<T> hook;
};

// Generation keeps its few rows in float32 whatever training does: a model of the same weights.
struct GenerationTwin {
  template <typename T>
  GenerationTwin(Transformer<T>* model, MatMulPrecision precision, LinearHook<float>* hook)
      : transformer(model->config(), precision, hook) {
    model->ShareWeights(&transformer);
  }

  Transformer<float> transformer;
};

template <typename T>
class LoraTrainable final : private HookHolder<T>, public TransformerTrainable<T> {
  using HookHolder<T>::hook;
  using HookHolder<T>::places;
  using TransformerTrainable<T>::transformer_;
  using TransformerTrainable<T>::layout_;

 public:
  // With the base's weights still to be loaded.
  LoraTrainable(const ModelConfig& model, MatMulPrecision precision, WeightStorage storage,
                LoraOptions options, std::string base_model, Outputs outputs)
      : HookHolder<T>(model, options.config, precision),
        TransformerTrainable<T>(model, precision, &hook, LoraLayout(places, options.config),
                                storage),
        precision_(precision),
        options_(std::move(options)),
        base_model_(std::move(base_model)),
        outputs_(std::move(outputs)) {}

  absl::Status Load(const ModelFolder& folder, WantedStorage storage) {
    RETURN_IF_ERROR(LoadWeights(folder, storage, &transformer_));
    if (options_.config.dora || options_.init.divides_base()) {
      RETURN_IF_ERROR(CheckHoldsFloat32(folder, storage, "use_dora, pissa or olora"));
      PrepareBase(folder);
    }
    if (options_.config.base.indices.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(CheckTrainsHeldWeights(folder, storage, options_.config.base));
    PrepareBaseWeights(folder);
    return absl::OkStatus();
  }

  void InitializeParameters(uint64_t seed, absl::Span<float> parameters) const override {
    if (!start_.empty()) std::copy(start_.begin(), start_.end(), parameters.begin());
    if (options_.init.divides_base()) return;
    InitializeLora(layout_, options_.init.kind, seed, parameters);
  }

  void SetParameters(absl::Span<const float> parameters) override {
    hook.SetParameters(parameters);
    SetBaseWeights(options_.config.base, parameters, &transformer_);
  }

  MemoryPlan PlanMemory(int64_t rows, int64_t checkpointed_layers) override {
    MemoryPlan plan = TransformerTrainable<T>::PlanMemory(rows, checkpointed_layers);
    plan.parts.push_back({"adapters", hook.Plan(rows)});
    return plan;
  }

  absl::StatusOr<double> AccumulateGradient(const PackedTokens& tokens, const RandomKey& key,
                                            absl::Span<float> gradient,
                                            GradientDone done) override {
    hook.SetGradient(gradient);
    // What trains of the base comes after all adapters.
    if (const int64_t of_base = options_.config.base.layout.size; of_base > 0) {
      return transformer_.AccumulateGradient(tokens, key, gradient.last(of_base).data());
    }
    return transformer_.AccumulateGradient(tokens, key, nullptr,
                                           [&](int64_t layer) { done(OffsetOf(layer)); });
  }

  absl::StatusOr<std::vector<std::vector<int32_t>>> Generate(
      const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) override {
    LoraHook<float> twin_hook(places, options_.config, precision_);
    const GenerationTwin twin(&transformer_, precision_, &twin_hook);
    if (options_.config.dora) SetTwinBases(twin.transformer, &twin_hook);
    twin_hook.SetParameters(hook.parameters());
    return GenerateGreedily(twin.transformer, prompts, max_new_tokens, eos);
  }

  absl::StatusOr<std::map<std::string, std::string>> Export(
      absl::Span<const float> parameters) const override {
    LoraAdapter adapter{options_.config, {parameters.begin(), parameters.end()}};
    if (options_.init.divides_base()) {
      adapter = ForWholeBase(places, options_.config, start_, parameters);
    }
    auto files = WritePeftFolder(places, adapter.config, adapter.parameters, base_model_);
    if (outputs_.gguf) {
      ASSIGN_OR_RETURN(files["adapter.gguf"], GgufAdapter(transformer_.config(), adapter));
    }
    if (outputs_.merged) RETURN_IF_ERROR(AddMerged(adapter, &files));
    return files;
  }

 private:
  size_t entries_of_place() const { return options_.config.dora ? 3 : 2; }

  // Where the adapters of a layer, and of those above it, begin.
  int64_t OffsetOf(int64_t layer) const {
    const std::vector<int64_t>& adapted = options_.config.places;
    const size_t i = std::lower_bound(adapted.begin(), adapted.end(), layer * kLinearsPerLayer) -
                     adapted.begin();
    return i < adapted.size() ? layout_.entries[i * entries_of_place()].offset : layout_.size;
  }

  // Fills in start_ with what the base decides, and takes from the base what A and B begin with.
  void PrepareBase(const ModelFolder& folder) {
    start_.resize(layout_.size);
    const std::vector<WeightSpec> specs = WeightSpecs(folder.config());
    const WeightIndex& index = transformer_.weights().index();
    const size_t entries = entries_of_place();
    ParallelForEach(options_.config.places.size(), [&](int64_t i) {
      const int64_t place = options_.config.places[i];
      const int64_t at =
          index.Matrix(place / kLinearsPerLayer, static_cast<Linear>(place % kLinearsPerLayer));
      std::vector<float> values(specs[at].size);
      folder.ReadWeight(specs[at], absl::MakeSpan(values));
      PreparePlace(place, at, &layout_.entries[i * entries], absl::MakeSpan(values));
    });
  }

  // Fills in what of start_ is the base's own, and lets it train.
  void PrepareBaseWeights(const ModelFolder& folder) {
    start_.resize(layout_.size);
    const std::vector<WeightSpec> specs = WeightSpecs(folder.config());
    const BaseWeights& base = options_.config.base;
    const absl::Span<float> values = absl::MakeSpan(start_).last(base.layout.size);
    std::vector<bool> trains(specs.size(), false);
    for (size_t i = 0; i < base.indices.size(); ++i) {
      const ParameterEntry& entry = base.layout.entries[i];
      folder.ReadWeight(specs[base.indices[i]], values.subspan(entry.offset, entry.size));
      trains[base.indices[i]] = true;
    }
    transformer_.SetTrainable(TrainableWeights(folder.config(), trains));
  }

  // `values` are the base's weight at the place, which has this index; `entries` the adapter's.
  void PreparePlace(int64_t place, int64_t index, const ParameterEntry* entries,
                    absl::Span<float> values) {
    const LoraConfig& config = options_.config;
    if (config.dora) {
      const auto norms = hook.SetBase(place, &transformer_.weights().Place(place), values);
      std::copy(norms.begin(), norms.end(), start_.begin() + entries[2].offset);
    }
    if (!options_.init.divides_base()) return;
    absl::Span<float> start = absl::MakeSpan(start_);
    DivideBase(options_.init, places[place].out_size, places[place].in_size, config.RankAt(place),
               config.ScaleAt(place), values, start.subspan(entries[0].offset, entries[0].size),
               start.subspan(entries[1].offset, entries[1].size));
    transformer_.SetWeight(index, values);
    if (config.dora) hook.SetBase(place, &transformer_.weights().Place(place), values);
  }

  void SetTwinBases(const Transformer<float>& twin, LoraHook<float>* twin_hook) const {
    std::vector<float> values;
    for (const int64_t place : options_.config.places) {
      const LinearWeight<float>& weight = twin.weights().Place(place);
      values.resize(weight.out() * weight.in());
      weight.stored()->Read(0, weight.out(), 0, weight.in(), values.data());
      twin_hook->SetBase(place, &weight, values);
    }
  }

  absl::Status AddMerged(const LoraAdapter& adapter,
                         std::map<std::string, std::string>* files) const {
    ASSIGN_OR_RETURN(const ModelFolder base, ModelFolder::Open(outputs_.model_folder));
    return WriteMergedModel(outputs_.model_folder, base, adapter, kMaxShardBytes,
                            [&](const std::string& path, absl::string_view bytes) {
                              (*files)["merged/" + path] = std::string(bytes);
                              return absl::OkStatus();
                            });
  }

  const MatMulPrecision precision_;
  const LoraOptions options_;
  const std::string base_model_;
  const Outputs outputs_;
  std::vector<float> start_;  // of parameters that begin as the base decides; empty if none does
};

template <typename T>
class FullTrainable final : public TransformerTrainable<T> {
  using TransformerTrainable<T>::transformer_;
  using TransformerTrainable<T>::layout_;

 public:
  FullTrainable(ModelFolder folder, std::string path, MatMulPrecision precision)
      : TransformerTrainable<T>(folder.config(), precision, nullptr, FullLayout(folder.config())),
        precision_(precision),
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
                                            absl::Span<float> gradient,
                                            GradientDone done) override {
    const WeightIndex& index = transformer_.weights().index();
    return transformer_.AccumulateGradient(tokens, key, gradient.data(), [&](int64_t layer) {
      done(layout_.entries[index.AttentionNorm(layer)].offset);
    });
  }

  absl::StatusOr<std::vector<std::vector<int32_t>>> Generate(
      const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) override {
    const GenerationTwin twin(&transformer_, precision_, nullptr);
    return GenerateGreedily(twin.transformer, prompts, max_new_tokens, eos);
  }

  absl::StatusOr<std::map<std::string, std::string>> Export(
      absl::Span<const float> parameters) const override {
    return WriteModelFolder(path_, folder_.config(), parameters);
  }

 private:
  template <typename P>
  static absl::Span<P> Of(const ParameterEntry& entry, absl::Span<P> parameters) {
    return parameters.subspan(entry.offset, entry.size);
  }

  const MatMulPrecision precision_;
  const ModelFolder folder_;
  const std::string path_;
  const std::vector<WeightSpec> specs_;
};

template <typename T>
absl::StatusOr<std::unique_ptr<TrainableModel>> CreateLora(const ModelFolder& folder,
                                                           const std::string& base_model,
                                                           const v1::Lora& lora, Outputs outputs,
                                                           MatMulPrecision precision) {
  ASSIGN_OR_RETURN(LoraOptions options, LoraOptionsOf(lora, folder.config()));
  const WantedStorage storage = WantedStorageOf(lora);
  auto trainable = std::make_unique<LoraTrainable<T>>(
      folder.config(), precision, storage.value_or(WeightStorage::kFloat32), std::move(options),
      base_model, std::move(outputs));
  RETURN_IF_ERROR(trainable->Load(folder, storage));
  return trainable;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainableModel>> CreateTrainable(const std::string& model_folder,
                                                                const std::string& base_model,
                                                                const v1::Method& method,
                                                                v1::Precision precision) {
  ASSIGN_OR_RETURN(const MatMulPrecision matmul_precision, SupportedPrecision(precision));
  const bool rounds = matmul_precision == MatMulPrecision::kBfloat16;
  ASSIGN_OR_RETURN(ModelFolder folder, ModelFolder::Open(model_folder));
  if (method.has_full() && folder.config().quantization != Quantization::kNone) {
    return absl::InvalidArgumentError(
        absl::StrCat(model_folder,
                     " is quantised; the method full needs whole weights: start from "
                     "the model that is not, or use lora"));
  }
  if (method.has_full() && rounds) {
    return std::make_unique<FullTrainable<Bfloat16>>(std::move(folder), model_folder,
                                                     matmul_precision);
  }
  if (method.has_full()) {
    return std::make_unique<FullTrainable<float>>(std::move(folder), model_folder,
                                                  matmul_precision);
  }
  if (!folder.has_weights()) {
    return absl::FailedPreconditionError(absl::StrCat(
        model_folder, " has no weights; only the method full can start from random ones"));
  }
  Outputs outputs = OutputsOf(method.lora(), model_folder);
  if (outputs.merged && folder.config().quantization != Quantization::kNone) {
    return absl::InvalidArgumentError(absl::StrCat(
        model_folder, " is quantised, so there can be no output merged; leave it out"));
  }
  return (rounds ? CreateLora<Bfloat16> : CreateLora<float>)(folder, base_model, method.lora(),
                                                             std::move(outputs), matmul_precision);
}

}  // namespace ropewalk
