#include "worker/ops/transposed_product.h"

#include <algorithm>

#include "worker/ops/scratch.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Rows of the product whose left factor is transposed at a time: enough to be worth the panels'
// packing, few enough to stay in the cache.
constexpr int64_t kRowsAtATime = 512;

// y [columns, rows] = x^T, x [rows, columns].
template <typename T>
inline void TransposeBlock(int64_t rows, int64_t columns, const T* x, int64_t x_stride, T* y,
                           int64_t y_stride) {
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) y[j * y_stride + i] = x[i * x_stride + j];
  }
}

// a^T [rows, depth] of rows [first, first + rows).
template <typename T>
void TransposeRows(int64_t depth, int64_t first, int64_t rows, const T* a, int64_t a_stride,
                   T* out) {
  const int64_t blocks = (depth + kTile - 1) / kTile;
  ParallelFor(blocks, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin * kTile; k < std::min(depth, end * kTile); k += kTile) {
      for (int64_t i = 0; i < rows; i += kTile) {
        TransposeBlock(std::min(kTile, depth - k), std::min(kTile, rows - i),
                       a + k * a_stride + first + i, a_stride, out + i * depth + k, depth);
      }
    }
  });
}

void Pack(int64_t depth, int64_t columns, const float* b, int64_t stride, int planes,
          Bfloat16* panels) {
  PackPanels(depth, columns, b, stride, planes, panels);
}
void Pack(int64_t depth, int64_t columns, const Bfloat16* b, int64_t stride, int,
          Bfloat16* panels) {
  PackPanels(depth, columns, b, stride, panels);
}

}  // namespace

template <typename T>
void TransposedProduct(int64_t depth, int64_t rows, int64_t columns, const T* a, int64_t a_stride,
                       const T* b, int64_t b_stride, int planes, TakeBlock take) {
  static thread_local Scratch<T> scratch;
  T* const left = scratch.Get(std::min(kRowsAtATime, rows) * depth);
  for (int64_t first = 0; first < rows; first += kRowsAtATime) {
    const int64_t count = std::min(kRowsAtATime, rows - first);
    TransposeRows(depth, first, count, a, a_stride, left);
    PanelProduct<T>(
        {count, columns, depth}, {left, depth, planes}, planes,
        [&](int64_t column, int64_t packed, int64_t term, int64_t terms, Bfloat16* panels) {
          Pack(terms, packed, b + term * b_stride + column, b_stride, planes, panels);
        },
        [&](const ProductBlock& block) {
          ProductBlock shifted = block;
          shifted.row += first;
          take(shifted);
        });
  }
}

template void TransposedProduct(int64_t, int64_t, int64_t, const float*, int64_t, const float*,
                                int64_t, int, TakeBlock);
template void TransposedProduct(int64_t, int64_t, int64_t, const Bfloat16*, int64_t,
                                const Bfloat16*, int64_t, int, TakeBlock);

}  // namespace ropewalk
