#pragma once

#include <cstdint>

#include "worker/ops/panel_product.h"

namespace ropewalk {

// a^T b, a [depth, rows] and b [depth, columns], whose rows are `a_stride` and `b_stride` apart:
// how the gradients of weights sum over tokens. `planes` is 1, or for T = float kMaxPlanes. The
// blocks go to `take`. The same bits for any number of threads. T is float or Bfloat16.
template <typename T>
void TransposedProduct(int64_t depth, int64_t rows, int64_t columns, const T* a, int64_t a_stride,
                       const T* b, int64_t b_stride, int planes, TakeBlock take);

}  // namespace ropewalk
