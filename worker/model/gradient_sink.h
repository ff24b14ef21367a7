#pragma once

#include <algorithm>
#include <cstdint>

#include "worker/model/trainable_weights.h"

namespace ropewalk {

// Where gradients go, and how deep a backward pass must reach. T is what gradients of weights are
// summed in.
template <typename T>
class GradientSink {
 public:
  // `gradients`, laid out as `weights` says, may be null: then all weights are frozen.
  // `lowest_hook` is the index of the first weight at whose place a hook trains. `weights` must
  // outlive the sink.
  GradientSink(const TrainableWeights& weights, T* gradients, int64_t lowest_hook)
      : weights_(weights),
        gradients_(gradients),
        lowest_(gradients == nullptr ? lowest_hook : std::min(weights.first(), lowest_hook)) {}

  // Where the gradient of a weight is to be added; null if it is frozen, or if `index` is
  // WeightIndex::kNone.
  T* Of(int64_t index) const {
    if (gradients_ == nullptr || index < 0 || weights_.OffsetOf(index) < 0) return nullptr;
    return gradients_ + weights_.OffsetOf(index);
  }

  // True if something trains before the weight, so that the gradient by its input is needed.
  bool NeedsInputOf(int64_t index) const { return lowest_ < index; }

 private:
  const TrainableWeights& weights_;
  T* const gradients_;
  const int64_t lowest_;
};

}  // namespace ropewalk
