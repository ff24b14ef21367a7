#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "worker/model/config.h"

namespace ropewalk {

// The keys and values of one text that is being generated, for every layer. Grows as rows come. A
// layer with a sliding window keeps those of its last tokens only: the position p is in the slot p
// % window. Not thread-safe.
template <typename T>
class KvCache {
 public:
  // `expected` tokens fit in before it has to move.
  KvCache(const ModelConfig& config, int64_t expected)
      : size_(config.key_value_size()), layers_(config.num_hidden_layers) {
    for (size_t number = 0; number < layers_.size(); ++number) {
      Layer& layer = layers_[number];
      if (config.WindowOf(number) > 0) layer.slots = config.WindowOf(number);
      layer.keys.reserve(std::min(layer.slots, expected) * size_);
      layer.values.reserve(std::min(layer.slots, expected) * size_);
    }
  }

  // Adds the rows [rows, key-value size] of the positions that come next. Every layer is to get as
  // many.
  void Append(int64_t layer, int64_t rows, const T* keys, const T* values) {
    Layer& to = layers_[layer];
    for (int64_t r = 0; r < rows; ++r, ++to.length) {
      Put(to.length % to.slots, keys + r * size_, &to.keys);
      Put(to.length % to.slots, values + r * size_, &to.values);
    }
  }

  // Tokens that all layers have had.
  int64_t length() const { return layers_.back().length; }

  // Rows that a layer holds: those that its newest token sees.
  int64_t rows(int64_t layer) const {
    return std::min(layers_[layer].length, layers_[layer].slots);
  }

  // [rows, key-value size], by slots.
  const T* keys(int64_t layer) const { return layers_[layer].keys.data(); }
  const T* values(int64_t layer) const { return layers_[layer].values.data(); }

 private:
  struct Layer {
    int64_t slots = std::numeric_limits<int64_t>::max();
    int64_t length = 0;  // tokens so far
    std::vector<T> keys;
    std::vector<T> values;
  };

  // Slots are filled in order before the first is used again.
  void Put(int64_t slot, const T* row, std::vector<T>* rows) {
    if (slot * size_ == static_cast<int64_t>(rows->size())) {
      rows->insert(rows->end(), row, row + size_);
    } else {
      std::copy_n(row, size_, rows->begin() + slot * size_);
    }
  }

  int64_t size_;  // elements of a row
  std::vector<Layer> layers_;
};

}  // namespace ropewalk
