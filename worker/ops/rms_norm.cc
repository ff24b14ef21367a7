#include "worker/ops/rms_norm.h"

#include <cmath>

#include "worker/ops/lanes.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

template <typename T>
ROPEWALK_INLINE void NormRows(int64_t rows, int64_t size, const T* x, const T* weight, T eps, T* y,
                              T* rstd) {
  for (int64_t r = 0; r < rows; ++r, x += size, y += size) {
    rstd[r] = T{1} / std::sqrt(Dot(size, x, x) / size + eps);
    for (int64_t i = 0; i < size; ++i) y[i] = x[i] * rstd[r] * weight[i];
  }
}

template <typename T>
ROPEWALK_INLINE void InputGradientRows(int64_t rows, int64_t size, const T* dy, const T* x,
                                       const T* weight, const T* rstd, T* dx) {
  for (int64_t r = 0; r < rows; ++r, dy += size, x += size, dx += size) {
    const T scale = rstd[r];
    const T mean = Sum<T>(size, [=](int64_t i) { return dy[i] * weight[i] * x[i]; }) * scale / size;
    for (int64_t i = 0; i < size; ++i) dx[i] += scale * (dy[i] * weight[i] - x[i] * scale * mean);
  }
}

// Columns [begin, end) of all rows, in the order of rows.
template <typename T>
ROPEWALK_INLINE void WeightGradientColumns(int64_t rows, int64_t size, int64_t begin, int64_t end,
                                           const T* dy, const T* x, const T* rstd, T* dweight) {
  for (int64_t r = 0; r < rows; ++r, dy += size, x += size) {
    for (int64_t i = begin; i < end; ++i) dweight[i] += dy[i] * x[i] * rstd[r];
  }
}

ROPEWALK_SIMD void Norm(int64_t rows, int64_t size, const float* x, const float* weight, float eps,
                        float* y, float* rstd) {
  NormRows(rows, size, x, weight, eps, y, rstd);
}
void Norm(int64_t rows, int64_t size, const double* x, const double* weight, double eps, double* y,
          double* rstd) {
  NormRows(rows, size, x, weight, eps, y, rstd);
}
ROPEWALK_SIMD void InputGradient(int64_t rows, int64_t size, const float* dy, const float* x,
                                 const float* weight, const float* rstd, float* dx) {
  InputGradientRows(rows, size, dy, x, weight, rstd, dx);
}
void InputGradient(int64_t rows, int64_t size, const double* dy, const double* x,
                   const double* weight, const double* rstd, double* dx) {
  InputGradientRows(rows, size, dy, x, weight, rstd, dx);
}
ROPEWALK_SIMD void WeightGradient(int64_t rows, int64_t size, int64_t begin, int64_t end,
                                  const float* dy, const float* x, const float* rstd,
                                  float* dweight) {
  WeightGradientColumns(rows, size, begin, end, dy, x, rstd, dweight);
}
void WeightGradient(int64_t rows, int64_t size, int64_t begin, int64_t end, const double* dy,
                    const double* x, const double* rstd, double* dweight) {
  WeightGradientColumns(rows, size, begin, end, dy, x, rstd, dweight);
}

}  // namespace

template <typename T>
void RmsNormForward(int64_t rows, int64_t size, const T* x, const T* weight, double eps, T* y,
                    T* rstd) {
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    Norm(end - begin, size, x + begin * size, weight, static_cast<T>(eps), y + begin * size,
         rstd + begin);
  });
}

template <typename T>
void RmsNormBackward(int64_t rows, int64_t size, const T* dy, const T* x, const T* weight,
                     const T* rstd, T* dx, T* dweight) {
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    InputGradient(end - begin, size, dy + begin * size, x + begin * size, weight, rstd + begin,
                  dx + begin * size);
  });
  if (dweight == nullptr) return;
  ParallelFor(size, [&](int64_t begin, int64_t end) {
    WeightGradient(rows, size, begin, end, dy, x, rstd, dweight);
  });
}

template void RmsNormForward(int64_t, int64_t, const float*, const float*, double, float*, float*);
template void RmsNormForward(int64_t, int64_t, const double*, const double*, double, double*,
                             double*);
template void RmsNormBackward(int64_t, int64_t, const float*, const float*, const float*,
                              const float*, float*, float*);
template void RmsNormBackward(int64_t, int64_t, const double*, const double*, const double*,
                              const double*, double*, double*);

}  // namespace ropewalk
