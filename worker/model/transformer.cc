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
      activations_(config.num_hidden_layers) {
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
  return cross_entropy_.Loss(tokens.tokens.size(), normed_, tokens.targets.data(),
                             weights_.Output());
}

template <typename T>
absl::StatusOr<double> Transformer<T>::AccumulateGradient(const PackedTokens& tokens,
                                                          const RandomKey& key,
                                                          Wide<T>* weight_gradients) {
  RETURN_IF_ERROR(Check(tokens));
  Reserve(tokens.tokens.size(), /*backward=*/true);
  Forward(tokens, &key);
  const GradientSink<Wide<T>> sink(trainable_, weight_gradients, lowest_hook_);
  const double loss = cross_entropy_.LossAndGradient(tokens.tokens.size(), normed_,
                                                     tokens.targets.data(), weights_.Output(),
                                                     d_normed_, sink.Of(weights_.index().Output()));
  Backward(tokens, sink);
  return loss;
}

template <typename T>
absl::StatusOr<std::vector<Wide<T>>> Transformer<T>::Logits(const PackedTokens& tokens) {
  RETURN_IF_ERROR(Check(tokens));
  const int64_t rows = tokens.tokens.size();
  Reserve(rows, /*backward=*/false);
  Forward(tokens, nullptr);
  std::vector<Wide<T>> logits(rows * config_.vocab_size);
  weights_.Output().Forward(rows, normed_, logits.data());
  return logits;
}

template <typename T>
void Transformer<T>::Reserve(int64_t rows, bool backward) {
  if (rows <= reserved_rows_ && (reserved_backward_ || !backward)) return;
  reserved_rows_ = std::max(rows, reserved_rows_);
  reserved_backward_ = reserved_backward_ || backward;
  arena_.Build([&](Arena* arena) { Place(reserved_rows_, reserved_backward_, arena); });
}

template <typename T>
void Transformer<T>::SetActivationCheckpointing(bool on) {
  checkpoints_ = on;
  reserved_rows_ = 0;
}

// Without a backward pass all layers share the same activations; only their input and output must
// differ. With checkpointing each has an input of its own.
template <typename T>
void Transformer<T>::PlaceActivations(int64_t rows, bool backward, Arena* arena) {
  for (size_t layer = 0; layer < activations_.size(); ++layer) {
    if (layer < 1 || (layer < 2 && !backward) || (backward && !checkpoints_)) {
      activations_[layer].Take(config_, rows, arena);
    } else if (!backward) {
      activations_[layer] = activations_[layer % 2];
    } else {
      activations_[layer] = activations_[0];
      arena->Take(rows * config_.hidden_size, &activations_[layer].input);
    }
  }
}

template <typename T>
void Transformer<T>::Place(int64_t rows, bool backward, Arena* arena) {
  PlaceActivations(rows, backward, arena);
  arena->Take(rows * config_.hidden_size, &last_);
  arena->Take(rows, &last_rstd_);
  arena->Take(rows * config_.hidden_size, &normed_);
  scratch_.TakeForward(config_, rows, arena);
  if (!backward) return;
  arena->Take(rows * config_.hidden_size, &d_normed_);
  arena->Take(rows * config_.hidden_size, &d_stream_);
  scratch_.TakeBackward(config_, rows, arena);
}

template <typename T>
void Transformer<T>::Forward(const PackedTokens& tokens, const RandomKey* dropout) {
  rope_.Begin(tokens.positions, tokens.document_starts);
  const Rows<T> rows = RowsOf(tokens);
  if (hook_ != nullptr) hook_->BeginPass(rows.count, dropout);
  EmbeddingForward(rows.count, tokens.tokens.data(), weights_.Embedding(), activations_[0].input);
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    Wide<T>* const output = layer + 1 < layers_.size() ? activations_[layer + 1].input : last_;
    layers_[layer].Forward(
        rows, activations_[layer], scratch_,
        [&](const LayerActivations<T>& a) {
          AttentionForward<T>(attention_shapes_[layer], tokens.document_starts, a.query, a.key,
                              a.value, a.attended, a.log_sum_exp);
        },
        output);
  }
  RmsNormForward<Wide<T>, T>(rows.count, config_.hidden_size, last_,
                             weights_.Plain(weights_.index().FinalNorm()), config_.rms_norm_eps,
                             normed_, last_rstd_);
}

template <typename T>
Rows<T> Transformer<T>::RowsOf(const PackedTokens& tokens) const {
  return {static_cast<int64_t>(tokens.tokens.size()), rope_.cosines(), rope_.sines()};
}

template <typename T>
void Transformer<T>::Backward(const PackedTokens& tokens, const GradientSink<Wide<T>>& sink) {
  const Rows<T> rows = RowsOf(tokens);
  const int64_t norm = weights_.index().FinalNorm();
  std::fill_n(d_stream_, rows.count * config_.hidden_size, Wide<T>{0});
  RmsNormBackward(rows.count, config_.hidden_size, d_normed_, last_, weights_.Plain(norm),
                  last_rstd_, d_stream_, sink.Of(norm));
  for (int64_t layer = layers_.size() - 1; layer >= 0; --layer) {
    if (!sink.NeedsInputOf(weights_.index().AttentionNorm(layer + 1))) return;
    if (checkpoints_) Recompute(tokens, layer);
    layers_[layer].Backward(
        rows, activations_[layer], scratch_,
        [&](const LayerActivations<T>& a) {
          AttentionBackward<T>(attention_shapes_[layer], tokens.document_starts, a.query, a.key,
                               a.value, a.attended, a.log_sum_exp, scratch_.d_attended,
                               scratch_.d_query, scratch_.d_key, scratch_.d_value);
        },
        sink, d_stream_);
  }
  Wide<T>* const d_embedding = sink.Of(weights_.index().Embedding());
  if (d_embedding == nullptr) return;
  EmbeddingBackward(rows.count, config_.hidden_size, tokens.tokens.data(), d_stream_, d_embedding);
}

// The activations of the last layer are still there.
template <typename T>
void Transformer<T>::Recompute(const PackedTokens& tokens, int64_t layer) {
  if (layer + 1 == static_cast<int64_t>(layers_.size())) return;
  layers_[layer].Recompute(
      RowsOf(tokens), activations_[layer], scratch_, [&](const LayerActivations<T>& a) {
        AttentionForward<T>(attention_shapes_[layer], tokens.document_starts, a.query, a.key,
                            a.value, a.attended, a.log_sum_exp);
      });
}

template class Transformer<Bfloat16>;
template class Transformer<float>;
template class Transformer<double>;

}  // namespace ropewalk
