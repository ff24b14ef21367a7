#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/config.h"
#include "worker/model/weight_index.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/linear_weight.h"
#include "worker/tensor/planned_arrays.h"

namespace ropewalk {

// The weights of a model as it computes with them: linear layers packed for the processor, the rest
// as they are. Weights go by their index in WeightSpecs. Const calls may run at the same time.
template <typename T>
class Weights {
 public:
  // With values still to be set. The linear layers of the decoder are held as `storage`, all else
  // as it comes. Another storage than kFloat32 is not for T = double.
  Weights(const ModelConfig& config, MatMulPrecision precision,
          WeightStorage storage = WeightStorage::kFloat32);

  // Copies the values of one weight, row-major.
  void Set(int64_t index, absl::Span<const Wide<T>> values);

  // Takes a matrix that is stored already: a linear layer's, the table of embeddings or the output
  // embedding. Not for T = double.
  void Adopt(int64_t index, std::shared_ptr<const StoredMatrix> matrix);

  // Gives `other`, of the same config, the same values; matrices are shared, not copied. Not for T
  // = double.
  void ShareWith(Weights<float>* other);

  // The memory of those that are mapped from files or, if not `mapped`, of the others; whether they
  // are set already or not.
  PlannedArrays Arrays(bool mapped) const;

  const WeightIndex& index() const { return index_; }

  // A norm's scale or a bias, always at the same address; null if `index` is WeightIndex::kNone.
  const Wide<T>* Plain(int64_t index) const { return index < 0 ? nullptr : plain_[index].data(); }

  const LinearWeight<T>& Place(int64_t place) const { return places_[place]; }

  // The table of embeddings [vocab, hidden], of which rows are read.
  const LinearWeight<T>& Embedding() const { return embedding_; }

  // The output embedding [vocab, hidden], perhaps tied to the embedding.
  const LinearWeight<T>& Output() const { return tied_ ? embedding_ : output_; }

  // Of the matrices that every pass reads whole: all but the table of embeddings, unless it is the
  // output embedding, too. Not for T = double.
  int64_t BytesOfPass() const;

 private:
  LinearWeight<T>& Matrix(int64_t index);

  const WeightIndex index_;
  const bool tied_;
  std::vector<std::vector<Wide<T>>> plain_;  // empty for matrices
  std::vector<LinearWeight<T>> places_;
  std::vector<int64_t> place_of_;  // [weights], -1 for others
  LinearWeight<T> embedding_;
  LinearWeight<T> output_;  // unless it is tied
};

}  // namespace ropewalk
