#pragma once

#include <cstdint>
#include <cstring>

#include "worker/ops/lanes.h"
#include "worker/tensor/element.h"

namespace ropewalk {

// What the loops over single rows of attention are made of.

template <typename T>
ROPEWALK_INLINE Vec<T> LoadWide(const T* x) {
  return Load(x);
}
ROPEWALK_INLINE Vec<float> LoadWide(const Bfloat16* x) {
  typedef Bfloat16 Narrow __attribute__((vector_size(kVecSize * sizeof(Bfloat16))));
  typedef uint32_t Bits __attribute__((vector_size(kVecSize * sizeof(uint32_t))));
  Narrow narrow;
  std::memcpy(&narrow, x, sizeof(narrow));
  const Bits bits = __builtin_convertvector(narrow, Bits) << 16;
  Vec<float> wide;
  std::memcpy(&wide, &bits, sizeof(wide));
  return wide;
}

// One chunk of columns of WeightedRows: kChunks vectors, or one column.
template <int kChunks, typename T, typename E>
ROPEWALK_INLINE void WeightedColumns(int64_t n, int64_t stride, const T* weights, const E* rows,
                                     T* out) {
  // Even and odd rows apart, so that additions need not wait for one another.
  Vec<T> even[kChunks] = {}, odd[kChunks] = {};
  int64_t j = 0;
  for (; j + 2 <= n; j += 2, rows += 2 * stride) {
    for (int c = 0; c < kChunks; ++c) {
      even[c] += weights[j] * LoadWide(rows + c * kVecSize);
      odd[c] += weights[j + 1] * LoadWide(rows + stride + c * kVecSize);
    }
  }
  for (int c = 0; c < kChunks; ++c) {
    if (j < n) even[c] += weights[j] * LoadWide(rows + c * kVecSize);
    Store<T>(even[c] + odd[c], out + c * kVecSize);
  }
}

// out [dim] = sum_j weights[j] * row j, over n rows that are `stride` apart.
template <typename T, typename E>
ROPEWALK_INLINE void WeightedRows(int64_t n, int64_t dim, int64_t stride, const T* weights,
                                  const E* rows, T* out) {
  int64_t d = 0;
  for (; d + 4 * kVecSize <= dim; d += 4 * kVecSize) {
    WeightedColumns<4>(n, stride, weights, rows + d, out + d);
  }
  for (; d + kVecSize <= dim; d += kVecSize) {
    WeightedColumns<1>(n, stride, weights, rows + d, out + d);
  }
  for (; d < dim; ++d) {
    T sum = 0;
    for (int64_t j = 0; j < n; ++j) sum += weights[j] * Widen(rows[j * stride + d]);
    out[d] = sum;
  }
}

template <typename T>
ROPEWALK_INLINE void ScaleRow(int64_t dim, T factor, T* x) {
  for (int64_t d = 0; d < dim; ++d) x[d] *= factor;
}

// p = exp(scale * p - shift). [n].
template <typename T>
ROPEWALK_INLINE void Exponentials(int64_t n, T scale, T shift, T* p) {
  for (int64_t j = 0; j < n; ++j) p[j] = Exp(scale * p[j] - shift);
}

}  // namespace ropewalk
