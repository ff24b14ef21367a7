#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "worker/model/config.h"

namespace ropewalk {

// The keys and values of one text that is being generated, for every layer. A layer with a sliding
// window keeps those of its last tokens only: the position p is in the slot p % capacity. Not
// thread-safe.
template <typename T>
class KvCache {
 public:
  // For texts of at most `tokens` tokens.
  KvCache(const ModelConfig& config, int64_t tokens) : size_(config.key_value_size()) {
    int64_t slots = 0;
    for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
      const int64_t window = config.WindowOf(layer);
      capacities_.push_back(window > 0 ? std::min(window, tokens) : tokens);
      offsets_.push_back(slots * size_);
      slots += capacities_.back();
    }
    keys_.resize(slots * size_);
    values_.resize(slots * size_);
  }

  // Puts the rows of the positions [position, position + rows), the newest so far.
  void Put(int64_t layer, int64_t position, int64_t rows, const T* keys, const T* values) {
    const int64_t capacity = capacities_[layer];
    for (int64_t r = std::max<int64_t>(0, rows - capacity); r < rows; ++r) {
      const int64_t to = offsets_[layer] + (position + r) % capacity * size_;
      std::copy_n(keys + r * size_, size_, keys_.begin() + to);
      std::copy_n(values + r * size_, size_, values_.begin() + to);
    }
  }

  // How many rows a layer holds of a text of `tokens` tokens: those that its newest token sees.
  int64_t Length(int64_t layer, int64_t tokens) const {
    return std::min(tokens, capacities_[layer]);
  }

  // [Length, key-value size], by slots.
  const T* keys(int64_t layer) const { return keys_.data() + offsets_[layer]; }
  const T* values(int64_t layer) const { return values_.data() + offsets_[layer]; }

 private:
  int64_t size_;                     // elements of a row
  std::vector<int64_t> capacities_;  // [layers], in rows
  std::vector<int64_t> offsets_;     // [layers], in elements
  std::vector<T> keys_;
  std::vector<T> values_;
};

}  // namespace ropewalk
