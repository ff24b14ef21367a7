#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/model/parameter_layout.h"
#include "worker/train/language_model.h"
#include "worker/train/memory_plan.h"

namespace ropewalk {

struct RandomKey;  // worker/tensor/philox.h

// Told, with ever smaller numbers, that the elements of a gradient from `first` on are complete.
using GradientDone = absl::FunctionRef<void(int64_t first)>;
inline void IgnoreGradient(int64_t) {}

// A model as the trainer sees it: a function of a flat vector of parameters. Every result is a
// function of the arguments (and of the last parameters set) alone, to the bit, for any number of
// threads. Not thread-safe.
class TrainableModel : public LanguageModel {
 public:
  virtual const ParameterLayout& layout() const = 0;

  // Writes the values at step 0. REQUIRES: parameters.size() == layout().size, here and below.
  virtual void InitializeParameters(uint64_t seed, absl::Span<float> parameters) const = 0;

  // Computes with these from now on; copies what it needs. To be called before the first of the
  // calls below.
  virtual void SetParameters(absl::Span<const float> parameters) = 0;

  virtual int64_t layer_count() const = 0;

  // Computes so many layers, up to layer_count(), anew in backward passes instead of keeping their
  // activations: the same bits for less memory and more time. None until this is called.
  virtual void SetCheckpointedLayers(int64_t count) = 0;

  // What the model keeps in memory with so many checkpointed layers while it trains with up to
  // `rows` tokens at a time.
  virtual MemoryPlan PlanMemory(int64_t rows, int64_t checkpointed_layers) = 0;

  // Adds the gradient of the sum of the losses over the target tokens to `gradient` and returns
  // that sum. `key` decides dropout; `done` is called while the rest is computed, if the layout
  // lets parts be complete before. INVALID_ARGUMENT: a token or a position the model does not
  // have.
  virtual absl::StatusOr<double> AccumulateGradient(const PackedTokens& tokens,
                                                    const RandomKey& key,
                                                    absl::Span<float> gradient,
                                                    GradientDone done = IgnoreGradient) = 0;

  // The folder to publish, path → bytes: a PEFT adapter, or a whole model. A function of the model,
  // the method and `parameters` alone.
  virtual absl::StatusOr<std::map<std::string, std::string>> Export(
      absl::Span<const float> parameters) const = 0;
};

}  // namespace ropewalk
