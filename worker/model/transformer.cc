#include "worker/model/transformer.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/embedding.h"
#include "worker/ops/rms_norm.h"

namespace ropewalk {
namespace {

AttentionShape ShapeOf(const ModelConfig& config, int64_t layer) {
  return {.heads = config.num_attention_heads,
          .kv_heads = config.num_key_value_heads,
          .head_dim = config.head_dim,
          .scale = 1 / std::sqrt(static_cast<double>(config.head_dim)),
          .window = config.WindowOf(layer)};
}

// The index of the first weight at whose place the hook is; past all weights if it is nowhere.
template <typename T>
int64_t LowestHook(const ModelConfig& config, const LinearHook<T>* hook) {
  const WeightIndex index(config);
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    for (int64_t i = 0; i < kLinearsPerLayer; ++i) {
      const Linear linear = static_cast<Linear>(i);
      if (hook != nullptr && hook->Covers(PlaceOf(layer, linear))) {
        return index.Matrix(layer, linear);
      }
    }
  }
  return index.count();
}

absl::Status CheckRange(absl::string_view what, absl::Span<const int32_t> values, int32_t least,
                        int64_t end) {
  for (const int32_t value : values) {
    if (value < least || value >= end) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, " ", value, " is outside the model, which has ", end, " of them"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

template <typename T>
Transformer<T>::Transformer(const ModelConfig& config, MatMulPrecision precision,
                            LinearHook<T>* hook, WeightStorage storage)
    : config_(config),
      hook_(hook),
      rope_(config),
      weights_(config, precision, storage),
      cross_entropy_(config.vocab_size, config.hidden_size, precision),
      trainable_(TrainableWeights::All(config)),
      lowest_hook_(LowestHook(config, hook)),
      memory_(config.num_hidden_layers) {
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    attention_shapes_.push_back(ShapeOf(config_, layer));
    layers_.emplace_back(config_, weights_, hook, layer);
  }
}

template <typename T>
absl::Status Transformer<T>::Check(const PackedTokens& tokens) const {
  const size_t rows = tokens.tokens.size();
  const std::vector<int32_t>& starts = tokens.document_starts;
  if (rows == 0 || tokens.positions.size() != rows || tokens.targets.size() != rows ||
      starts.empty() || starts.front() != 0 || starts.back() != static_cast<int32_t>(rows) ||
      !std::is_sorted(starts.begin(), starts.end())) {
    return absl::InvalidArgumentError("packed tokens: the lengths do not fit together, or are 0");
  }
  RETURN_IF_ERROR(CheckRange("token", tokens.tokens, 0, config_.vocab_size));
  RETURN_IF_ERROR(CheckRange("target", tokens.targets, -1, config_.vocab_size));
  return CheckRange("position", tokens.positions, 0, config_.longest_sequence());
}

template <typename T>
absl::StatusOr<double> Transformer<T>::Loss(const PackedTokens& tokens) {
  RETURN_IF_ERROR(Check(tokens));
  Reserve(tokens.tokens.size(), /*backward=*/false);
  Forward(tokens, nullptr);
  return cross_entropy_.Loss(tokens.tokens.size(), memory_.normed, tokens.targets.data(),
                             weights_.Output());
}

template <typename T>
absl::StatusOr<double> Transformer<T>::AccumulateGradient(const PackedTokens& tokens,
                                                          const RandomKey& key,
                                                          Wide<T>* weight_gradients,
                                                          LayerDone done) {
  RETURN_IF_ERROR(Check(tokens));
  Reserve(tokens.tokens.size(), /*backward=*/true);
  Forward(tokens, &key);
  const GradientSink<Wide<T>> sink(trainable_, weight_gradients, lowest_hook_);
  const double loss = cross_entropy_.LossAndGradient(
      tokens.tokens.size(), memory_.normed, tokens.targets.data(), weights_.Output(),
      memory_.d_normed, sink.Of(weights_.index().Output()));
  Backward(tokens, sink, done);
  return loss;
}

template <typename T>
absl::StatusOr<std::vector<Wide<T>>> Transformer<T>::Logits(const PackedTokens& tokens) {
  RETURN_IF_ERROR(Check(tokens));
  const int64_t rows = tokens.tokens.size();
  Reserve(rows, /*backward=*/false);
  Forward(tokens, nullptr);
  std::vector<Wide<T>> logits(rows * config_.vocab_size);
  weights_.Output().Forward(rows, memory_.normed, logits.data());
  return logits;
}

template <typename T>
void Transformer<T>::Reserve(int64_t rows, bool backward) {
  if (rows <= reserved_.rows && (reserved_.backward || !backward)) return;
  reserved_.rows = std::max(rows, reserved_.rows);
  reserved_.backward = reserved_.backward || backward;
  arena_.Build([&](Arena* arena) {
    memory_.TakeActivations(config_, reserved_, arena);
    memory_.TakeScratch(config_, reserved_, arena);
  });
}

template <typename T>
void Transformer<T>::SetCheckpointedLayers(int64_t count) {
  reserved_ = {.checkpointed_layers = count};
}

template <typename T>
PlannedArrays Transformer<T>::PlanActivations(int64_t rows, int64_t checkpointed_layers) const {
  const PassShape shape = {rows, /*backward=*/true, checkpointed_layers};
  PassMemory<T> memory(config_.num_hidden_layers);
  return Arena::Plan([&](Arena* arena) { memory.TakeActivations(config_, shape, arena); });
}

template <typename T>
PlannedArrays Transformer<T>::PlanScratch(int64_t rows) const {
  const PassShape shape = {rows, /*backward=*/true};
  PassMemory<T> memory(config_.num_hidden_layers);
  return Arena::Plan([&](Arena* arena) { memory.TakeScratch(config_, shape, arena); });
}

template <typename T>
void Transformer<T>::Forward(const PackedTokens& tokens, const RandomKey* dropout) {
  rope_.Begin(tokens.positions, tokens.document_starts);
  const Rows<T> rows = RowsOf(tokens);
  if (hook_ != nullptr) hook_->BeginPass(rows.count, dropout);
  EmbeddingForward(rows.count, tokens.tokens.data(), weights_.Embedding(), memory_.layers[0].input);
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    Wide<T>* const output =
        layer + 1 < layers_.size() ? memory_.layers[layer + 1].input : memory_.last;
    layers_[layer].Forward(
        rows, memory_.layers[layer], memory_.scratch,
        [&](const LayerActivations<T>& a) {
          AttentionForward<T>(attention_shapes_[layer], tokens.document_starts, a.query, a.key,
                              a.value, a.attended, a.log_sum_exp);
        },
        output);
  }
  RmsNormForward<Wide<T>, T>(rows.count, config_.hidden_size, memory_.last,
                             weights_.Plain(weights_.index().FinalNorm()), config_.rms_norm_eps,
                             memory_.normed, memory_.last_rstd);
}

template <typename T>
Rows<T> Transformer<T>::RowsOf(const PackedTokens& tokens) const {
  return {static_cast<int64_t>(tokens.tokens.size()), rope_.cosines(), rope_.sines()};
}

template <typename T>
void Transformer<T>::Backward(const PackedTokens& tokens, const GradientSink<Wide<T>>& sink,
                              LayerDone done) {
  const Rows<T> rows = RowsOf(tokens);
  const int64_t norm = weights_.index().FinalNorm();
  std::fill_n(memory_.d_stream, rows.count * config_.hidden_size, Wide<T>{0});
  RmsNormBackward(rows.count, config_.hidden_size, memory_.d_normed, memory_.last,
                  weights_.Plain(norm), memory_.last_rstd, memory_.d_stream, sink.Of(norm));
  for (int64_t layer = layers_.size() - 1; layer >= 0; --layer) {
    if (!sink.NeedsInputOf(weights_.index().AttentionNorm(layer + 1))) return;
    if (layer < reserved_.checkpointed_layers) Recompute(tokens, layer);
    layers_[layer].Backward(
        rows, memory_.layers[layer], memory_.scratch,
        [&](const LayerActivations<T>& a) {
          AttentionBackward<T>(attention_shapes_[layer], tokens.document_starts, a.query, a.key,
                               a.value, a.attended, a.log_sum_exp, memory_.scratch.d_attended,
                               memory_.scratch.d_query, memory_.scratch.d_key,
                               memory_.scratch.d_value);
        },
        sink, memory_.d_stream);
    done(layer);
  }
  Wide<T>* const d_embedding = sink.Of(weights_.index().Embedding());
  if (d_embedding == nullptr) return;
  EmbeddingBackward(rows.count, config_.hidden_size, tokens.tokens.data(), memory_.d_stream,
                    d_embedding);
}

// The activations of the highest layer are still there.
template <typename T>
void Transformer<T>::Recompute(const PackedTokens& tokens, int64_t layer) {
  if (layer + 1 == static_cast<int64_t>(layers_.size())) return;
  layers_[layer].Recompute(
      RowsOf(tokens), memory_.layers[layer], memory_.scratch, [&](const LayerActivations<T>& a) {
        AttentionForward<T>(attention_shapes_[layer], tokens.document_starts, a.query, a.key,
                            a.value, a.attended, a.log_sum_exp);
      });
}

template class Transformer<Bfloat16>;
template class Transformer<float>;
template class Transformer<double>;

}  // namespace ropewalk
