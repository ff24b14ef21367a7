#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/model/arena.h"
#include "worker/model/config.h"
#include "worker/model/decoder_layer.h"
#include "worker/model/gradient_sink.h"
#include "worker/model/linear_hook.h"
#include "worker/model/pass_memory.h"
#include "worker/model/rope_rows.h"
#include "worker/model/trainable_weights.h"
#include "worker/model/weights.h"
#include "worker/ops/attention.h"
#include "worker/ops/cross_entropy.h"
#include "worker/ops/packed_tokens.h"
#include "worker/tensor/philox.h"

namespace ropewalk {

// Told that a backward pass adds nothing more to the gradients of this layer and those above it,
// which train or not; those of embedding and output may be due still.
using LayerDone = absl::FunctionRef<void(int64_t layer)>;
inline void IgnoreLayer(int64_t) {}

// A decoder of the Llama type, forward and backward, over packed documents. T is what its linear
// layers read and write: Bfloat16 goes with MatMulPrecision::kBfloat16 and halves what a pass keeps
// and moves; the residual stream, norms, softmax, losses and gradients of weights are Wide<T>.
// Results are the same bits for any number of threads. A pass allocates nothing once one with as
// many tokens has been made. Not thread-safe.
template <typename T>
class Transformer {
 public:
  // With weights still to be set. `hook` may be null; otherwise it must outlive the transformer.
  // `storage` is that of the decoder's linear layers, as Weights has it.
  Transformer(const ModelConfig& config, MatMulPrecision precision, LinearHook<T>* hook,
              WeightStorage storage = WeightStorage::kFloat32);
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  const ModelConfig& config() const { return config_; }

  // Sets the values, row-major, of the weight with this index in WeightSpecs. Every weight has to
  // be set before the calls below.
  void SetWeight(int64_t index, absl::Span<const Wide<T>> values) { weights_.Set(index, values); }

  // The same for a matrix that is stored already.
  void AdoptWeight(int64_t index, std::shared_ptr<const StoredMatrix> matrix) {
    weights_.Adopt(index, std::move(matrix));
  }

  // Gives `other`, of the same config, the same weights without copying matrices. Not for T =
  // double.
  void ShareWeights(Transformer<float>* other) { weights_.ShareWith(&other->weights_); }

  // The sum of the losses over the target tokens, without dropout.
  // INVALID_ARGUMENT, here and below: no tokens, lengths that do not fit together, or a token,
  // target or position outside the model.
  absl::StatusOr<double> Loss(const PackedTokens& tokens);

  // Which weights train; all of them until this is called. The gradient of a frozen weight is never
  // computed, nor anything that only it would need.
  void SetTrainable(TrainableWeights trainable) { trainable_ = std::move(trainable); }
  const TrainableWeights& trainable() const { return trainable_; }

  // Activation checkpointing (Chen et al., 2016): from now on so many of the lowest layers, perhaps
  // all, keep only their input for a backward pass, which computes them anew. The same bits for
  // less memory and, with all layers, about a third more time.
  void SetCheckpointedLayers(int64_t count);

  // What a training pass over so many rows keeps from layer to layer and for the backward pass, and
  // what layers use in turn, if so many layers are checkpointed.
  PlannedArrays PlanActivations(int64_t rows, int64_t checkpointed_layers) const;
  PlannedArrays PlanScratch(int64_t rows) const;
  // The same of the loss, whatever the pass.
  PlannedArrays LossArrays() const { return cross_entropy_.arrays(); }

  // What the activations and gradients of the largest pass so far take.
  size_t activation_bytes() const { return arena_.bytes(); }

  // The loss with the dropout that `key` decides. The hook adds its gradients to its own; those of
  // the trainable weights are added to `weight_gradients` [trainable().size()], unless it is null:
  // then all weights are frozen. `done` is called for each layer that the pass goes through, from
  // the highest down.
  absl::StatusOr<double> AccumulateGradient(const PackedTokens& tokens, const RandomKey& key,
                                            Wide<T>* weight_gradients,
                                            LayerDone done = IgnoreLayer);

  // The logits [tokens, vocabulary], whole: for short texts and tests.
  absl::StatusOr<std::vector<Wide<T>>> Logits(const PackedTokens& tokens);

  // What generation builds on.
  const std::vector<DecoderLayer<T>>& layers() const { return layers_; }
  const Weights<T>& weights() const { return weights_; }
  const AttentionShape& attention_shape(int64_t layer) const { return attention_shapes_[layer]; }
  LinearHook<T>* hook() const { return hook_; }

 private:
  template <typename>
  friend class Transformer;

  absl::Status Check(const PackedTokens& tokens) const;
  void Reserve(int64_t rows, bool backward);

  // Fills in the activations and normed_.
  void Forward(const PackedTokens& tokens, const RandomKey* dropout);
  Rows<T> RowsOf(const PackedTokens& tokens) const;
  void Backward(const PackedTokens& tokens, const GradientSink<Wide<T>>& sink, LayerDone done);
  void Recompute(const PackedTokens& tokens, int64_t layer);

  const ModelConfig config_;
  LinearHook<T>* const hook_;
  std::vector<AttentionShape> attention_shapes_;  // [layers]
  RopeRows<Wide<T>> rope_;
  Weights<T> weights_;
  std::vector<DecoderLayer<T>> layers_;
  LinearCrossEntropy<T> cross_entropy_;
  TrainableWeights trainable_;
  int64_t lowest_hook_ = 0;  // index of the first weight at whose place the hook is

  Arena arena_;
  PassShape reserved_;
  PassMemory<T> memory_;
};

}  // namespace ropewalk
