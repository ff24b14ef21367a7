#pragma once

#include <array>
#include <cstdint>

#include "worker/model/config.h"
#include "worker/model/weight_specs.h"

namespace ropewalk {

// Where each weight of a model is in WeightSpecs. kNone: the model does not have it.
class WeightIndex {
 public:
  static constexpr int64_t kNone = -1;

  explicit WeightIndex(const ModelConfig& config);

  int64_t Embedding() const { return 0; }
  int64_t AttentionNorm(int64_t layer) const { return LayerStart(layer); }
  int64_t Matrix(int64_t layer, Linear linear) const { return In(layer, matrices_[At(linear)]); }
  int64_t Bias(int64_t layer, Linear linear) const { return In(layer, biases_[At(linear)]); }
  int64_t QueryNorm(int64_t layer) const { return In(layer, query_norm_); }
  int64_t KeyNorm(int64_t layer) const { return In(layer, key_norm_); }
  int64_t MlpNorm(int64_t layer) const { return In(layer, mlp_norm_); }
  int64_t FinalNorm() const { return LayerStart(layers_); }
  int64_t Output() const { return tied_ ? Embedding() : FinalNorm() + 1; }
  int64_t count() const { return FinalNorm() + (tied_ ? 1 : 2); }  // weights in all

 private:
  static constexpr int64_t At(Linear linear) { return static_cast<int64_t>(linear); }
  int64_t LayerStart(int64_t layer) const { return 1 + layer * per_layer_; }
  int64_t In(int64_t layer, int64_t offset) const {
    return offset == kNone ? kNone : LayerStart(layer) + offset;
  }

  int64_t layers_;
  bool tied_;
  // Within a layer.
  std::array<int64_t, kLinearsPerLayer> matrices_;
  std::array<int64_t, kLinearsPerLayer> biases_;
  int64_t query_norm_ = kNone;
  int64_t key_norm_ = kNone;
  int64_t mlp_norm_ = kNone;
  int64_t per_layer_ = 0;
};

}  // namespace ropewalk
