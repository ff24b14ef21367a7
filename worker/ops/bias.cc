#include "worker/ops/bias.h"

#include "worker/ops/lanes.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// z += x, [n].
template <typename X, typename Z>
ROPEWALK_INLINE void AddTo(int64_t n, const X* __restrict x, Z* __restrict z) {
  for (int64_t i = 0; i < n; ++i) z[i] = Narrow<Z>(Widen(z[i]) + Widen(x[i]));
}

template <typename T>
ROPEWALK_INLINE void AddToRows(int64_t rows, int64_t size, const Wide<T>* bias, T* y) {
  for (int64_t r = 0; r < rows; ++r) AddTo(size, bias, y + r * size);
}

// The first `columns` of rows that are `size` apart.
template <typename T>
ROPEWALK_INLINE void SumRows(int64_t rows, int64_t size, int64_t columns, const T* dy,
                             Wide<T>* dbias) {
  for (int64_t r = 0; r < rows; ++r) AddTo(columns, dy + r * size, dbias);
}

ROPEWALK_SIMD void AddRows(int64_t rows, int64_t size, const float* bias, float* y) {
  AddToRows(rows, size, bias, y);
}
ROPEWALK_SIMD void AddRows(int64_t rows, int64_t size, const float* bias, Bfloat16* y) {
  AddToRows(rows, size, bias, y);
}
void AddRows(int64_t rows, int64_t size, const double* bias, double* y) {
  AddToRows(rows, size, bias, y);
}
ROPEWALK_SIMD void SumColumns(int64_t rows, int64_t size, int64_t columns, const float* dy,
                              float* dbias) {
  SumRows(rows, size, columns, dy, dbias);
}
ROPEWALK_SIMD void SumColumns(int64_t rows, int64_t size, int64_t columns, const Bfloat16* dy,
                              float* dbias) {
  SumRows(rows, size, columns, dy, dbias);
}
void SumColumns(int64_t rows, int64_t size, int64_t columns, const double* dy, double* dbias) {
  SumRows(rows, size, columns, dy, dbias);
}

}  // namespace

template <typename T>
void AddBias(int64_t rows, int64_t size, const Wide<T>* bias, T* y) {
  ParallelForRows(rows, size, [&](int64_t begin, int64_t end) {
    AddRows(end - begin, size, bias, y + begin * size);
  });
}

template <typename T>
void AddBiasGradient(int64_t rows, int64_t size, const T* dy, Wide<T>* dbias) {
  ParallelFor(size, [&](int64_t begin, int64_t end) {
    SumColumns(rows, size, end - begin, dy + begin, dbias + begin);
  });
}

template void AddBias(int64_t, int64_t, const float*, float*);
template void AddBias(int64_t, int64_t, const double*, double*);
template void AddBias(int64_t, int64_t, const float*, Bfloat16*);
template void AddBiasGradient(int64_t, int64_t, const float*, float*);
template void AddBiasGradient(int64_t, int64_t, const double*, double*);
template void AddBiasGradient(int64_t, int64_t, const Bfloat16*, float*);

}  // namespace ropewalk
