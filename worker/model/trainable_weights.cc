#include "worker/model/trainable_weights.h"

#include <algorithm>

#include "worker/model/weight_specs.h"

namespace ropewalk {

TrainableWeights::TrainableWeights(const ModelConfig& config, const std::vector<bool>& trains) {
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  first_ = std::find(trains.begin(), trains.end(), true) - trains.begin();
  for (size_t i = 0; i < specs.size(); ++i) {
    offsets_.push_back(trains[i] ? size_ : -1);
    if (trains[i]) size_ += specs[i].size;
  }
}

TrainableWeights TrainableWeights::All(const ModelConfig& config) {
  return TrainableWeights(config, std::vector<bool>(WeightSpecs(config).size(), true));
}

TrainableWeights TrainableWeights::None(const ModelConfig& config) {
  return TrainableWeights(config, std::vector<bool>(WeightSpecs(config).size(), false));
}

}  // namespace ropewalk
