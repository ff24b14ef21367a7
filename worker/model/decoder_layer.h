#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "worker/model/activations.h"
#include "worker/model/config.h"
#include "worker/model/gradient_sink.h"
#include "worker/model/linear_layer.h"
#include "worker/model/weights.h"
#include "worker/ops/rope.h"

namespace ropewalk {

// The rows of a pass, which all layers share, and the angles by which they turn (RopeRows).
template <typename T>
struct Rows {
  int64_t count = 0;
  const Wide<T>* cosines = nullptr;  // [count, head_dim / 2]
  const Wide<T>* sines = nullptr;    // [count, head_dim / 2]
};

// A layer of a Llama decoder (Touvron et al., 2023), written out:
//   middle = input + o(attention(rope(q(n)), rope(k(n)), v(n))),  n = rms_norm(input)
//   output = middle + down(silu(gate(m)) * up(m)),                m = rms_norm(middle)
// with a bias where the config has one. With query_key_norm, q and k are normed head by head before
// they are rotated (Qwen3). Not thread-safe.
template <typename T>
class DecoderLayer {
 public:
  // How rows attend to one another. Forward: fills in `attended` (and log_sum_exp, if a backward
  // pass follows) from query, key and value. Backward: fills in the scratch's d_query, d_key and
  // d_value from its d_attended.
  using Attention = absl::FunctionRef<void(const LayerActivations<T>&)>;

  // All must outlive the layer; `hook` may be null.
  DecoderLayer(const ModelConfig& config, const Weights<T>& weights, LinearHook<T>* hook,
               int64_t number);

  // From activations.input to `output`, both [rows, hidden].
  void Forward(const Rows<T>& rows, const LayerActivations<T>& activations,
               const LayerScratch<T>& scratch, Attention attention, Wide<T>* output) const;

  // Computes the activations that Backward needs once more, from activations.input.
  void Recompute(const Rows<T>& rows, const LayerActivations<T>& activations,
                 const LayerScratch<T>& scratch, Attention attention) const;

  // d_stream [rows, hidden] holds the gradient by the output and becomes the gradient by the input,
  // unless nothing needs that.
  void Backward(const Rows<T>& rows, const LayerActivations<T>& activations,
                const LayerScratch<T>& scratch, Attention attention_backward,
                const GradientSink<Wide<T>>& sink, Wide<T>* d_stream) const;

 private:
  void ForwardAttention(const Rows<T>& rows, const LayerActivations<T>& activations,
                        const LayerScratch<T>& scratch, Attention attention) const;
  void ForwardGateUp(const Rows<T>& rows, const LayerActivations<T>& activations,
                     const LayerScratch<T>& scratch) const;
  void ForwardMlp(const Rows<T>& rows, const LayerActivations<T>& activations,
                  const LayerScratch<T>& scratch, Wide<T>* output) const;
  // up, and product = silu(gate) * up.
  void ForwardUpProduct(const Rows<T>& rows, const LayerActivations<T>& activations,
                        const LayerScratch<T>& scratch) const;
  // output = stream + linear(x).
  void ForwardOntoStream(Linear linear, const Rows<T>& rows, const T* x,
                         const LayerScratch<T>& scratch, const Wide<T>* stream,
                         Wide<T>* output) const;
  // They return false once nothing below trains.
  bool BackwardMlp(const Rows<T>& rows, const LayerActivations<T>& activations,
                   const LayerScratch<T>& scratch, const GradientSink<Wide<T>>& sink,
                   Wide<T>* d_stream) const;
  // The gradients by gate and up take their place.
  bool BackwardProduct(const Rows<T>& rows, const LayerActivations<T>& activations,
                       const LayerScratch<T>& scratch, const GradientSink<Wide<T>>& sink) const;
  bool BackwardOutput(const Rows<T>& rows, const LayerActivations<T>& activations,
                      const LayerScratch<T>& scratch, const GradientSink<Wide<T>>& sink,
                      const Wide<T>* d_stream) const;
  void BackwardQueryKeyValue(const Rows<T>& rows, const LayerActivations<T>& activations,
                             const LayerScratch<T>& scratch, const GradientSink<Wide<T>>& sink,
                             Wide<T>* d_stream) const;

  // Norms of heads, where the model has them, and rotation.
  void PositionQueryKey(const Rows<T>& rows, const LayerActivations<T>& activations) const;
  void BackwardPositionQueryKey(const Rows<T>& rows, const LayerActivations<T>& activations,
                                const LayerScratch<T>& scratch,
                                const GradientSink<Wide<T>>& sink) const;
  void Rotate(const Rows<T>& rows, Rotation rotation, T* query, T* key) const;
  // One of the two norms of the stream, by its weight's index.
  void Norm(const Rows<T>& rows, int64_t index, const Wide<T>* x, T* y, Wide<T>* rstd) const;
  void BackwardNorm(const Rows<T>& rows, int64_t index, const Wide<T>* x, const Wide<T>* rstd,
                    const T* dy, const GradientSink<Wide<T>>& sink, Wide<T>* dx) const;
  int64_t IndexOf(Linear linear) const { return index_.Matrix(number_, linear); }
  LinearGradients<T> GradientsOf(Linear linear, const GradientSink<Wide<T>>& sink) const {
    return {sink.Of(IndexOf(linear)), sink.Of(index_.Bias(number_, linear))};
  }
  const LinearLayer<T>& At(Linear linear) const { return linears_[static_cast<int>(linear)]; }

  const ModelConfig& config_;
  const Weights<T>& weights_;
  const WeightIndex& index_;
  const int64_t number_;
  std::vector<LinearLayer<T>> linears_;  // in the order of Linear
};

}  // namespace ropewalk
