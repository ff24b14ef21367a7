#include "worker/tensor/dynamic_map.h"

#include <algorithm>
#include <cmath>

namespace ropewalk {
namespace {

constexpr int kExponents = 7;

// The bound number i of `count` equal parts of [0.1, 1], counted from the nearer end. The product
// is not rounded, as in PyTorch's linspace.
float Boundary(int64_t i, int64_t count) {
  const double step = (1.0f - 0.1f) / static_cast<float>(count);
  if (i < (count + 1) / 2) return static_cast<float>(0.1f + step * static_cast<double>(i));
  return static_cast<float>(1.0 - step * static_cast<double>(count - i));
}

}  // namespace

// Decades from 1e-7 to 1: each has twice as many numbers as the one below, in the middles of equal
// parts. With 0 and 1 they are 256.
DynamicMap::DynamicMap(bool has_sign) {
  size_t size = 0;
  constexpr double kDecades[kExponents] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};
  for (int exponent = 0; exponent < kExponents; ++exponent) {
    const auto decade = static_cast<float>(kDecades[exponent]);
    const int64_t parts = int64_t{1} << (has_sign ? exponent : exponent + 1);
    for (int64_t i = 0; i < parts; ++i) {
      const float middle = (Boundary(i, parts) + Boundary(i + 1, parts)) / 2.0f;
      const float value = decade * middle;
      values_[size++] = value;
      if (has_sign) values_[size++] = -value;
    }
  }
  values_[size++] = 0.0f;
  values_[size++] = 1.0f;
  std::sort(values_.begin(), values_.end());
  for (size_t i = 0; i < bounds_.size(); ++i) bounds_[i] = (values_[i] + values_[i + 1]) / 2.0f;
}

const DynamicMap& DynamicMap::Signed() {
  static const DynamicMap map(/*has_sign=*/true);
  return map;
}

const DynamicMap& DynamicMap::Unsigned() {
  static const DynamicMap map(/*has_sign=*/false);
  return map;
}

void DynamicMap::Quantize(int64_t n, const float* x, uint8_t* codes, float* magnitude) const {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
  *magnitude = largest;
  const float inverse = 1.0f / std::max(largest, 1e-38f);
  for (int64_t i = 0; i < n; ++i) {
    const float share = std::clamp(x[i] * inverse, -1.0f, 1.0f);
    codes[i] = std::lower_bound(bounds_.begin(), bounds_.end(), share) - bounds_.begin();
  }
}

void DynamicMap::Dequantize(int64_t n, const uint8_t* codes, float magnitude, float* x) const {
  for (int64_t i = 0; i < n; ++i) x[i] = values_[codes[i]] * magnitude;
}

}  // namespace ropewalk
