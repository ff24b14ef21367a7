#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/generate/batch_decoder.h"
#include "worker/generate/row_router.h"
#include "worker/model/model_folder.h"
#include "worker/model/transformer.h"
#include "worker/ops/linear_weight.h"
#include "worker/peft/lora_hook.h"
#include "worker/peft/peft_folder.h"
#include "worker/train/base_storage.h"
#include "worker/train/language_model.h"

namespace ropewalk {

// A PEFT folder, and the name by which it is asked for.
struct NamedAdapter {
  std::string name;
  std::string folder;
};

// A model to use, not to train: a base, perhaps with adapters. Not thread-safe.
class InferenceModel final : public LanguageModel {
 public:
  // Opens a Hugging Face model folder, to be held as `storage`, and a PEFT adapter for it unless
  // `adapter_folder` is empty.
  // INVALID_ARGUMENT or NOT_FOUND: a folder is not what it should be, or LoadWeights refuses.
  // FAILED_PRECONDITION: the base has no weights.
  static absl::StatusOr<std::unique_ptr<InferenceModel>> Open(const std::string& base_folder,
                                                              const std::string& adapter_folder,
                                                              MatMulPrecision precision,
                                                              WantedStorage storage = {});

  // The same with several adapters, whose names must differ. INVALID_ARGUMENT also: they do not.
  static absl::StatusOr<std::unique_ptr<InferenceModel>> Open(
      const std::string& base_folder, const std::vector<NamedAdapter>& adapters,
      MatMulPrecision precision, WantedStorage storage = {});

  const ModelConfig& config() const { return transformer_.config(); }

  // Of weights, that a pass reads whatever its tokens and adapters are.
  int64_t BytesOfPass() const { return transformer_.weights().BytesOfPass(); }

  // In the order in which they were given.
  const std::vector<std::string>& adapters() const { return names_; }

  // The adapter's number for a BatchDecoder; kNoHook, the base alone, for "". NOT_FOUND: there is
  // none; the message says which there are.
  absl::StatusOr<int> AdapterNumber(absl::string_view name) const;

  // A decoder for texts each with its own adapter. Must not outlive the model; the calls below must
  // not be made while it is in use.
  BatchDecoder NewDecoder() {
    return BatchDecoder(transformer_, &router_, BatchDecoder::Padding::kSteady);
  }

  // With the first adapter, if there is one.
  absl::StatusOr<double> Loss(const PackedTokens& tokens) override;

  // [tokens, vocabulary], whole: for short texts.
  absl::StatusOr<std::vector<float>> Logits(const PackedTokens& tokens);
  absl::StatusOr<std::vector<std::vector<int32_t>>> Generate(
      const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) override;

 private:
  struct Adapter {
    std::string name;
    LoraAdapter lora;
  };

  // Without weights and parameters, which Load brings.
  InferenceModel(const ModelConfig& base, const std::vector<Adapter>& adapters,
                 MatMulPrecision precision, WeightStorage storage);
  absl::Status Load(const ModelFolder& base, const std::vector<Adapter>& adapters,
                    WantedStorage storage);
  static std::vector<std::unique_ptr<LoraHook<float>>> Hooks(const ModelConfig& config,
                                                             const std::vector<Adapter>& adapters,
                                                             MatMulPrecision precision);
  void UseFirstAdapter();

  std::vector<std::string> names_;
  const std::vector<std::unique_ptr<LoraHook<float>>> hooks_;
  RowRouter router_;
  Transformer<float> transformer_;
};

// Gives `transformer` the base's weights that an adapter has: what `parameters`, in the order of
// LoraLayout, end with.
template <typename T>
void SetBaseWeights(const BaseWeights& base, absl::Span<const float> parameters,
                    Transformer<T>* transformer);

// Tells `hook`, made for this config, the weights of the base at its places, as DoRA needs.
void SetBases(const ModelFolder& folder, const LoraConfig& config,
              const Transformer<float>& transformer, LoraHook<float>* hook);

}  // namespace ropewalk
