#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ropewalk {

// The keys and values of one text that is being generated, for every layer: [layers][capacity,
// key-value size]. Not thread-safe.
template <typename T>
class KvCache {
 public:
  KvCache(int64_t layers, int64_t capacity, int64_t size)
      : capacity_(capacity), size_(size), keys_(layers * capacity * size), values_(keys_.size()) {}

  // Puts `rows` rows at [position, position + rows), which must be within the capacity.
  void Put(int64_t layer, int64_t position, int64_t rows, const T* keys, const T* values) {
    const int64_t offset = (layer * capacity_ + position) * size_;
    std::copy_n(keys, rows * size_, keys_.begin() + offset);
    std::copy_n(values, rows * size_, values_.begin() + offset);
  }

  const T* keys(int64_t layer) const { return &keys_[layer * capacity_ * size_]; }
  const T* values(int64_t layer) const { return &values_[layer * capacity_ * size_]; }

 private:
  int64_t capacity_;
  int64_t size_;
  std::vector<T> keys_;
  std::vector<T> values_;
};

}  // namespace ropewalk
