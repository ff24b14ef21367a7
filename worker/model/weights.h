#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/config.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/linear_weight.h"

namespace ropewalk {

// The weights of a model as it computes with them: linear layers packed for the processor, the rest
// as they are. Weights go by their index in WeightSpecs. Const calls may run at the same time.
template <typename T>
class Weights {
 public:
  // With values still to be set.
  Weights(const ModelConfig& config, MatMulPrecision precision);

  // Copies the values of one weight, row-major.
  void Set(int64_t index, absl::Span<const T> values);

  // The table of embeddings or a norm's scale.
  const T* Plain(int64_t index) const { return plain_[index].data(); }

  const LinearWeight<T>& Place(int64_t place) const { return places_[place]; }

  // The output embedding [vocab, hidden], perhaps tied to the embedding.
  const LinearWeight<T>& Output() const { return output_; }

 private:
  const std::vector<WeightSpec> specs_;
  std::vector<std::vector<T>> plain_;  // empty for linear layers
  std::vector<LinearWeight<T>> places_;
  std::vector<int64_t> place_of_;  // [weights], -1 for others
  LinearWeight<T> output_;
  const int64_t output_index_;
};

}  // namespace ropewalk
