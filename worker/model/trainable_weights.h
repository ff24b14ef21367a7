#pragma once

#include <cstdint>
#include <vector>

#include "worker/model/config.h"

namespace ropewalk {

// Which of a model's own weights train. Their gradients lie one after another in one array, in the
// order of WeightSpecs, without the frozen ones. A tied output embedding trains with the embedding.
class TrainableWeights {
 public:
  // `trains`: one for each of WeightSpecs(config).
  TrainableWeights(const ModelConfig& config, const std::vector<bool>& trains);

  static TrainableWeights All(const ModelConfig& config);
  static TrainableWeights None(const ModelConfig& config);

  // Where the gradient of the weight with this index in WeightSpecs begins, in elements; -1 if the
  // weight is frozen.
  int64_t OffsetOf(int64_t index) const { return offsets_[index]; }

  // Elements of all gradients together.
  int64_t size() const { return size_; }

  // The index of the first weight that trains; the number of weights if none does.
  int64_t first() const { return first_; }

 private:
  std::vector<int64_t> offsets_;  // [weights]
  int64_t size_ = 0;
  int64_t first_ = 0;
};

}  // namespace ropewalk
