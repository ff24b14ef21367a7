#include "worker/model/decoder_layer.h"

#include <algorithm>
#include <type_traits>

#include "worker/ops/elementwise.h"
#include "worker/ops/residual.h"
#include "worker/ops/rms_norm.h"
#include "worker/ops/swiglu.h"

namespace ropewalk {

template <typename T>
DecoderLayer<T>::DecoderLayer(const ModelConfig& config, const Weights<T>& weights,
                              LinearHook<T>* hook, int64_t number)
    : config_(config), weights_(weights), index_(weights.index()), number_(number) {
  for (int64_t i = 0; i < kLinearsPerLayer; ++i) {
    const Linear linear = static_cast<Linear>(i);
    const int64_t place = PlaceOf(number, linear);
    linears_.emplace_back(weights.Place(place), weights.Plain(index_.Bias(number, linear)), hook,
                          place);
  }
}

template <typename T>
void DecoderLayer<T>::Forward(const Rows<T>& rows, const LayerActivations<T>& activations,
                              const LayerScratch<T>& scratch, Attention attention,
                              Wide<T>* output) const {
  ForwardAttention(rows, activations, scratch, attention);
  ForwardMlp(rows, activations, scratch, output);
}

template <typename T>
void DecoderLayer<T>::Recompute(const Rows<T>& rows, const LayerActivations<T>& activations,
                                const LayerScratch<T>& scratch, Attention attention) const {
  ForwardAttention(rows, activations, scratch, attention);
  ForwardGateUp(rows, activations, scratch);
}

template <typename T>
void DecoderLayer<T>::ForwardAttention(const Rows<T>& rows, const LayerActivations<T>& activations,
                                       const LayerScratch<T>& scratch, Attention attention) const {
  const LayerActivations<T>& a = activations;
  Norm(rows, index_.AttentionNorm(number_), a.input, scratch.normed, a.attention_rstd);
  const bool norms = config_.query_key_norm;
  At(Linear::kQuery).Forward(rows.count, scratch.normed, norms ? a.projected_query : a.query);
  At(Linear::kKey).Forward(rows.count, scratch.normed, norms ? a.projected_key : a.key);
  At(Linear::kValue).Forward(rows.count, scratch.normed, a.value);
  PositionQueryKey(rows, a);
  attention(a);
  ForwardOntoStream(Linear::kOutput, rows, a.attended, scratch, a.input, a.middle);
}

template <typename T>
void DecoderLayer<T>::ForwardGateUp(const Rows<T>& rows, const LayerActivations<T>& activations,
                                    const LayerScratch<T>& scratch) const {
  const LayerActivations<T>& a = activations;
  Norm(rows, index_.MlpNorm(number_), a.middle, scratch.normed, a.mlp_rstd);
  At(Linear::kGate).Forward(rows.count, scratch.normed, a.gate);
  At(Linear::kUp).Forward(rows.count, scratch.normed, a.up);
}

template <typename T>
void DecoderLayer<T>::ForwardMlp(const Rows<T>& rows, const LayerActivations<T>& activations,
                                 const LayerScratch<T>& scratch, Wide<T>* output) const {
  const LayerActivations<T>& a = activations;
  Norm(rows, index_.MlpNorm(number_), a.middle, scratch.normed, a.mlp_rstd);
  At(Linear::kGate).Forward(rows.count, scratch.normed, a.gate);
  ForwardUpProduct(rows, a, scratch);
  ForwardOntoStream(Linear::kDown, rows, scratch.product, scratch, a.middle, output);
}

template <typename T>
void DecoderLayer<T>::ForwardUpProduct(const Rows<T>& rows, const LayerActivations<T>& activations,
                                       const LayerScratch<T>& scratch) const {
  const LayerActivations<T>& a = activations;
  const LinearLayer<T>& up = At(Linear::kUp);
  if constexpr (!std::is_same_v<T, double>) {
    if (up.GivesBlocks()) {
      return up.ForwardBlocks(
          rows.count, scratch.normed,
          SwigluSink<T>{a.gate, a.up, scratch.product, config_.intermediate_size});
    }
  }
  up.Forward(rows.count, scratch.normed, a.up);
  SwigluForward(rows.count * config_.intermediate_size, a.gate, a.up, scratch.product);
}

template <typename T>
void DecoderLayer<T>::ForwardOntoStream(Linear linear, const Rows<T>& rows, const T* x,
                                        const LayerScratch<T>& scratch, const Wide<T>* stream,
                                        Wide<T>* output) const {
  const LinearLayer<T>& layer = At(linear);
  if constexpr (!std::is_same_v<T, double>) {
    if (layer.GivesBlocks()) {
      return layer.ForwardBlocks(rows.count, x, ResidualSink{stream, output, config_.hidden_size});
    }
  }
  layer.Forward(rows.count, x, scratch.normed);
  AddResidual<T>(rows.count * config_.hidden_size, stream, scratch.normed, output);
}

template <typename T>
void DecoderLayer<T>::Backward(const Rows<T>& rows, const LayerActivations<T>& activations,
                               const LayerScratch<T>& scratch, Attention attention_backward,
                               const GradientSink<Wide<T>>& sink, Wide<T>* d_stream) const {
  if (!BackwardMlp(rows, activations, scratch, sink, d_stream)) return;
  if (!BackwardOutput(rows, activations, scratch, sink, d_stream)) return;
  attention_backward(activations);
  BackwardQueryKeyValue(rows, activations, scratch, sink, d_stream);
}

template <typename T>
bool DecoderLayer<T>::BackwardMlp(const Rows<T>& rows, const LayerActivations<T>& activations,
                                  const LayerScratch<T>& scratch, const GradientSink<Wide<T>>& sink,
                                  Wide<T>* d_stream) const {
  const LayerActivations<T>& a = activations;
  const LayerScratch<T>& s = scratch;
  RoundTo<T>(rows.count * config_.hidden_size, d_stream, s.d_output);
  if (!BackwardProduct(rows, a, s, sink)) return false;

  const bool below_gate = sink.NeedsInputOf(IndexOf(Linear::kGate));
  T* const d_normed = below_gate ? s.d_normed : nullptr;
  Norm(rows, index_.MlpNorm(number_), a.middle, s.normed, a.mlp_rstd);
  At(Linear::kGate)
      .Backward(rows.count, s.normed, a.gate, d_normed, /*accumulate=*/false,
                GradientsOf(Linear::kGate, sink));
  At(Linear::kUp)
      .Backward(rows.count, s.normed, a.up, d_normed, /*accumulate=*/true,
                GradientsOf(Linear::kUp, sink));
  if (!below_gate) return false;
  BackwardNorm(rows, index_.MlpNorm(number_), a.middle, a.mlp_rstd, s.d_normed, sink, d_stream);
  return true;
}

template <typename T>
bool DecoderLayer<T>::BackwardProduct(const Rows<T>& rows, const LayerActivations<T>& activations,
                                      const LayerScratch<T>& scratch,
                                      const GradientSink<Wide<T>>& sink) const {
  const LayerActivations<T>& a = activations;
  const LayerScratch<T>& s = scratch;
  const int64_t products = rows.count * config_.intermediate_size;
  const bool below = sink.NeedsInputOf(IndexOf(Linear::kDown));
  const LinearLayer<T>& down = At(Linear::kDown);
  const LinearGradients<T> gradients = GradientsOf(Linear::kDown, sink);
  if constexpr (!std::is_same_v<T, double>) {
    if (below && down.GivesBlocks()) {
      down.BackwardInputBlocks(
          rows.count, s.d_output,
          SwigluGradientSink<T>{a.gate, a.up, s.product, config_.intermediate_size});
      down.AddGradients(rows.count, s.product, s.d_output, gradients);
      return true;
    }
  }
  SwigluForward(products, a.gate, a.up, s.product);
  down.Backward(rows.count, s.product, s.d_output, below ? s.d_product : nullptr,
                /*accumulate=*/false, gradients);
  if (below) SwigluBackward(products, s.d_product, a.gate, a.up, a.gate, a.up);
  return below;
}

template <typename T>
bool DecoderLayer<T>::BackwardOutput(const Rows<T>& rows, const LayerActivations<T>& activations,
                                     const LayerScratch<T>& scratch,
                                     const GradientSink<Wide<T>>& sink,
                                     const Wide<T>* d_stream) const {
  const bool below = sink.NeedsInputOf(IndexOf(Linear::kOutput));
  RoundTo<T>(rows.count * config_.hidden_size, d_stream, scratch.d_output);
  At(Linear::kOutput)
      .Backward(rows.count, activations.attended, scratch.d_output,
                below ? scratch.d_attended : nullptr,
                /*accumulate=*/false, GradientsOf(Linear::kOutput, sink));
  return below;
}

template <typename T>
void DecoderLayer<T>::BackwardQueryKeyValue(const Rows<T>& rows,
                                            const LayerActivations<T>& activations,
                                            const LayerScratch<T>& scratch,
                                            const GradientSink<Wide<T>>& sink,
                                            Wide<T>* d_stream) const {
  const LayerScratch<T>& s = scratch;
  const int64_t norm = index_.AttentionNorm(number_);
  const bool below = sink.NeedsInputOf(IndexOf(Linear::kQuery));
  T* const d_normed = below ? s.d_normed : nullptr;
  BackwardPositionQueryKey(rows, activations, s, sink);
  Norm(rows, norm, activations.input, s.normed, activations.attention_rstd);
  At(Linear::kQuery)
      .Backward(rows.count, s.normed, s.d_projected_query, d_normed, /*accumulate=*/false,
                GradientsOf(Linear::kQuery, sink));
  At(Linear::kKey)
      .Backward(rows.count, s.normed, s.d_projected_key, d_normed, /*accumulate=*/true,
                GradientsOf(Linear::kKey, sink));
  At(Linear::kValue)
      .Backward(rows.count, s.normed, s.d_value, d_normed, /*accumulate=*/true,
                GradientsOf(Linear::kValue, sink));
  if (!below) return;
  BackwardNorm(rows, norm, activations.input, activations.attention_rstd, s.d_normed, sink,
               d_stream);
}

template <typename T>
void DecoderLayer<T>::PositionQueryKey(const Rows<T>& rows,
                                       const LayerActivations<T>& activations) const {
  const LayerActivations<T>& a = activations;
  if (config_.query_key_norm) {
    RmsNormForward<T, T>(rows.count * config_.num_attention_heads, config_.head_dim,
                         a.projected_query, weights_.Plain(index_.QueryNorm(number_)),
                         config_.rms_norm_eps, a.query, a.query_rstd);
    RmsNormForward<T, T>(rows.count * config_.num_key_value_heads, config_.head_dim,
                         a.projected_key, weights_.Plain(index_.KeyNorm(number_)),
                         config_.rms_norm_eps, a.key, a.key_rstd);
  }
  Rotate(rows, Rotation::kForward, a.query, a.key);
}

template <typename T>
void DecoderLayer<T>::BackwardPositionQueryKey(const Rows<T>& rows,
                                               const LayerActivations<T>& activations,
                                               const LayerScratch<T>& scratch,
                                               const GradientSink<Wide<T>>& sink) const {
  const LayerActivations<T>& a = activations;
  const LayerScratch<T>& s = scratch;
  Rotate(rows, Rotation::kBackward, s.d_query, s.d_key);
  if (!config_.query_key_norm) return;
  const int64_t query = index_.QueryNorm(number_), key = index_.KeyNorm(number_);
  std::fill_n(s.d_projected_query, rows.count * config_.query_size(), T{0});
  std::fill_n(s.d_projected_key, rows.count * config_.key_value_size(), T{0});
  RmsNormBackward(rows.count * config_.num_attention_heads, config_.head_dim, s.d_query,
                  a.projected_query, weights_.Plain(query), a.query_rstd, s.d_projected_query,
                  sink.Of(query));
  RmsNormBackward(rows.count * config_.num_key_value_heads, config_.head_dim, s.d_key,
                  a.projected_key, weights_.Plain(key), a.key_rstd, s.d_projected_key,
                  sink.Of(key));
}

template <typename T>
void DecoderLayer<T>::Rotate(const Rows<T>& rows, Rotation rotation, T* query, T* key) const {
  const int64_t pairs = config_.head_dim / 2;
  ApplyRope<T>(rows.count, config_.num_attention_heads, pairs, rows.cosines, rows.sines, rotation,
               query);
  ApplyRope<T>(rows.count, config_.num_key_value_heads, pairs, rows.cosines, rows.sines, rotation,
               key);
}

template <typename T>
void DecoderLayer<T>::Norm(const Rows<T>& rows, int64_t index, const Wide<T>* x, T* y,
                           Wide<T>* rstd) const {
  RmsNormForward<Wide<T>, T>(rows.count, config_.hidden_size, x, weights_.Plain(index),
                             config_.rms_norm_eps, y, rstd);
}

template <typename T>
void DecoderLayer<T>::BackwardNorm(const Rows<T>& rows, int64_t index, const Wide<T>* x,
                                   const Wide<T>* rstd, const T* dy,
                                   const GradientSink<Wide<T>>& sink, Wide<T>* dx) const {
  RmsNormBackward(rows.count, config_.hidden_size, dy, x, weights_.Plain(index), rstd, dx,
                  sink.Of(index));
}

template class DecoderLayer<Bfloat16>;
template class DecoderLayer<float>;
template class DecoderLayer<double>;

}  // namespace ropewalk
