#include "worker/model/weights.h"

#include <algorithm>
#include <utility>

namespace ropewalk {
namespace {

std::vector<int64_t> PlacesByIndex(const ModelConfig& config, const WeightIndex& index) {
  std::vector<int64_t> place_of(index.count(), -1);
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    for (int64_t i = 0; i < kLinearsPerLayer; ++i) {
      const Linear linear = static_cast<Linear>(i);
      place_of[index.Matrix(layer, linear)] = PlaceOf(layer, linear);
    }
  }
  return place_of;
}

}  // namespace

template <typename T>
Weights<T>::Weights(const ModelConfig& config, MatMulPrecision precision, WeightStorage storage)
    : index_(config),
      plain_(index_.count()),
      place_of_(PlacesByIndex(config, index_)),
      output_(config.vocab_size, config.hidden_size, precision) {
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  for (int64_t i = 0; i < index_.count(); ++i) {
    const WeightSpec& spec = specs[i];
    if (spec.is_norm || spec.is_bias || i == index_.Embedding()) plain_[i].resize(spec.size);
  }
  for (const LinearPlace& place : LinearPlaces(config)) {
    places_.emplace_back(place.out_size, place.in_size, precision, storage);
  }
}

template <typename T>
void Weights<T>::Set(int64_t index, absl::Span<const T> values) {
  if (place_of_[index] >= 0) return places_[place_of_[index]].Pack(values.data());
  if (index == index_.Output()) output_.Pack(values.data());
  if (!plain_[index].empty()) std::copy(values.begin(), values.end(), plain_[index].begin());
}

template <typename T>
void Weights<T>::Adopt(int64_t index, std::unique_ptr<const StoredMatrix> matrix) {
  LinearWeight<T>& linear = place_of_[index] >= 0 ? places_[place_of_[index]] : output_;
  linear.Adopt(std::move(matrix));
}

template class Weights<float>;
template class Weights<double>;

}  // namespace ropewalk
