#include "worker/ops/int8_rows.h"

#include <algorithm>
#include <cmath>

#include "worker/tensor/float16.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

constexpr float kLevels = 127.0f;

float Rounded(float x) { return FromFloat16(ToFloat16(x)); }

void QuantizeRow(int64_t n, const float* w, int8_t* codes, float* absmax) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(Rounded(w[i])));
  *absmax = largest;
  const float inverse = largest > 0 ? kLevels / largest : 0.0f;
  for (int64_t i = 0; i < n; ++i) {
    codes[i] = static_cast<int8_t>(std::nearbyint(Rounded(w[i]) * inverse));
  }
}

}  // namespace

void QuantizeInt8Rows(int64_t rows, int64_t columns, const float* w, int8_t* codes, float* absmax) {
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      QuantizeRow(columns, w + row * columns, codes + row * columns, absmax + row);
    }
  });
}

void DequantizeInt8(int64_t n, const int8_t* codes, float absmax, float* w) {
  const float scale = absmax / kLevels;
  for (int64_t i = 0; i < n; ++i) w[i] = static_cast<float>(codes[i]) * scale;
}

}  // namespace ropewalk
