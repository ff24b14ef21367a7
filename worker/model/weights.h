#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/config.h"
#include "worker/model/weight_index.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/linear_weight.h"

namespace ropewalk {

// The weights of a model as it computes with them: linear layers packed for the processor, the rest
// as they are. Weights go by their index in WeightSpecs. Const calls may run at the same time.
template <typename T>
class Weights {
 public:
  // With values still to be set. The linear layers of the decoder are held as `storage`, all else
  // in T. Another storage than kFloat32 is for T = float only.
  Weights(const ModelConfig& config, MatMulPrecision precision,
          WeightStorage storage = WeightStorage::kFloat32);

  // Copies the values of one weight, row-major.
  void Set(int64_t index, absl::Span<const T> values);

  // Takes a linear layer's or the untied output's matrix that is stored already. For T = float
  // only.
  void Adopt(int64_t index, std::unique_ptr<const StoredMatrix> matrix);

  const WeightIndex& index() const { return index_; }

  // The table of embeddings, a norm's scale or a bias, always at the same address; null if `index`
  // is WeightIndex::kNone.
  const T* Plain(int64_t index) const { return index < 0 ? nullptr : plain_[index].data(); }

  const LinearWeight<T>& Place(int64_t place) const { return places_[place]; }

  // The output embedding [vocab, hidden], perhaps tied to the embedding.
  const LinearWeight<T>& Output() const { return output_; }

 private:
  const WeightIndex index_;
  std::vector<std::vector<T>> plain_;  // empty for linear layers
  std::vector<LinearWeight<T>> places_;
  std::vector<int64_t> place_of_;  // [weights], -1 for others
  LinearWeight<T> output_;
};

}  // namespace ropewalk
