#include "worker/model/weights.h"

#include <algorithm>
#include <type_traits>
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
      tied_(config.tie_word_embeddings),
      plain_(index_.count()),
      place_of_(PlacesByIndex(config, index_)),
      embedding_(config.vocab_size, config.hidden_size, precision),
      output_(config.vocab_size, config.hidden_size, precision) {
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  for (int64_t i = 0; i < index_.count(); ++i) {
    const WeightSpec& spec = specs[i];
    if (spec.is_norm || spec.is_bias) plain_[i].resize(spec.size);
  }
  for (const LinearPlace& place : LinearPlaces(config)) {
    places_.emplace_back(place.out_size, place.in_size, precision, storage);
  }
}

template <typename T>
void Weights<T>::Set(int64_t index, absl::Span<const Wide<T>> values) {
  if (!plain_[index].empty()) {
    std::copy(values.begin(), values.end(), plain_[index].begin());
  } else {
    Matrix(index).Pack(values.data());
  }
}

template <typename T>
void Weights<T>::Adopt(int64_t index, std::shared_ptr<const StoredMatrix> matrix) {
  Matrix(index).Adopt(std::move(matrix));
}

template <typename T>
void Weights<T>::ShareWith(Weights<float>* other) {
  for (int64_t i = 0; i < index_.count(); ++i) {
    if constexpr (!std::is_same_v<T, double>) {
      plain_[i].empty() ? other->Adopt(i, Matrix(i).stored()) : other->Set(i, plain_[i]);
    }
  }
}

template <typename T>
int64_t Weights<T>::BytesOfPass() const {
  int64_t bytes = Output().stored()->bytes();
  for (const LinearWeight<T>& place : places_) bytes += place.stored()->bytes();
  return bytes;
}

template <typename T>
PlannedArrays Weights<T>::Arrays(bool mapped) const {
  PlannedArrays arrays;
  const auto add = [&](absl::string_view name, const LinearWeight<T>& weight) {
    if (weight.mapped() == mapped) arrays.Add(name, weight.bytes());
  };
  for (const LinearWeight<T>& place : places_) add("linear layer", place);
  add("embedding", embedding_);
  if (!tied_) add("output embedding", output_);
  for (const std::vector<Wide<T>>& plain : plain_) {
    if (!plain.empty() && !mapped) arrays.Add("norm or bias", plain.size() * sizeof(Wide<T>));
  }
  return arrays;
}

template <typename T>
LinearWeight<T>& Weights<T>::Matrix(int64_t index) {
  if (place_of_[index] >= 0) return places_[place_of_[index]];
  return index == index_.Embedding() ? embedding_ : output_;
}

template class Weights<Bfloat16>;
template class Weights<float>;
template class Weights<double>;

}  // namespace ropewalk
