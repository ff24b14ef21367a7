#include "worker/model/weights.h"

namespace ropewalk {
namespace {

std::vector<int64_t> PlacesByIndex(const ModelConfig& config, size_t weights) {
  std::vector<int64_t> place_of(weights, -1);
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    for (int64_t i = 0; i < kLinearsPerLayer; ++i) {
      const Linear linear = static_cast<Linear>(i);
      place_of[LinearIndex(layer, linear)] = PlaceOf(layer, linear);
    }
  }
  return place_of;
}

int64_t IndexOfOutput(const ModelConfig& config) {
  return config.tie_word_embeddings ? kEmbeddingIndex : OutputIndex(config.num_hidden_layers);
}

}  // namespace

template <typename T>
Weights<T>::Weights(const ModelConfig& config, MatMulPrecision precision)
    : specs_(WeightSpecs(config)),
      plain_(specs_.size()),
      place_of_(PlacesByIndex(config, specs_.size())),
      output_(config.vocab_size, config.hidden_size, precision),
      output_index_(IndexOfOutput(config)) {
  for (const LinearPlace& place : LinearPlaces(config)) {
    places_.emplace_back(place.out_size, place.in_size, precision);
  }
}

template <typename T>
void Weights<T>::Set(int64_t index, absl::Span<const T> values) {
  if (place_of_[index] >= 0) return places_[place_of_[index]].Pack(values.data());
  if (index == output_index_) output_.Pack(values.data());
  if (specs_[index].is_norm || index == kEmbeddingIndex) {
    plain_[index].assign(values.begin(), values.end());
  }
}

template class Weights<float>;
template class Weights<double>;

}  // namespace ropewalk
