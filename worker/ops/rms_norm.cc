#include "worker/ops/rms_norm.h"

#include <cmath>

#include "worker/ops/lanes.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

template <typename X, typename T>
ROPEWALK_INLINE void NormRows(int64_t rows, int64_t size, const X* x, const Wide<T>* weight,
                              Wide<T> eps, T* y, Wide<T>* rstd) {
  using W = Wide<T>;
  for (int64_t r = 0; r < rows; ++r, x += size, y += size) {
    const W squares = Sum<W>(size, [=](int64_t i) { return Widen(x[i]) * Widen(x[i]); });
    const W scale = W{1} / std::sqrt(squares / size + eps);
    rstd[r] = scale;
    ROPEWALK_ELEMENTWISE
    for (int64_t i = 0; i < size; ++i) y[i] = Narrow<T>(Widen(x[i]) * scale * weight[i]);
  }
}

template <typename D, typename X>
ROPEWALK_INLINE void InputGradientRows(int64_t rows, int64_t size, const D* dy, const X* x,
                                       const Wide<X>* weight, const Wide<X>* rstd, X* dx) {
  using W = Wide<X>;
  for (int64_t r = 0; r < rows; ++r, dy += size, x += size, dx += size) {
    const W scale = rstd[r];
    const W sum = Sum<W>(size, [=](int64_t i) { return Widen(dy[i]) * weight[i] * Widen(x[i]); });
    const W mean = sum * scale / size;
    ROPEWALK_ELEMENTWISE
    for (int64_t i = 0; i < size; ++i) {
      dx[i] =
          Narrow<X>(Widen(dx[i]) + scale * (Widen(dy[i]) * weight[i] - Widen(x[i]) * scale * mean));
    }
  }
}

// Columns [begin, end) of all rows, in the order of rows.
template <typename D, typename X>
ROPEWALK_INLINE void WeightGradientColumns(int64_t rows, int64_t size, int64_t begin, int64_t end,
                                           const D* dy, const X* x, const Wide<X>* rstd,
                                           Wide<X>* dweight) {
  for (int64_t r = 0; r < rows; ++r, dy += size, x += size) {
    const Wide<X> scale = rstd[r];
    ROPEWALK_ELEMENTWISE
    for (int64_t i = begin; i < end; ++i) dweight[i] += Widen(dy[i]) * Widen(x[i]) * scale;
  }
}

ROPEWALK_SIMD void Norm(int64_t rows, int64_t size, const float* x, const float* weight, float eps,
                        float* y, float* rstd) {
  NormRows(rows, size, x, weight, eps, y, rstd);
}
ROPEWALK_SIMD void Norm(int64_t rows, int64_t size, const float* x, const float* weight, float eps,
                        Bfloat16* y, float* rstd) {
  NormRows(rows, size, x, weight, eps, y, rstd);
}
ROPEWALK_SIMD void Norm(int64_t rows, int64_t size, const Bfloat16* x, const float* weight,
                        float eps, Bfloat16* y, float* rstd) {
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
ROPEWALK_SIMD void InputGradient(int64_t rows, int64_t size, const Bfloat16* dy, const Bfloat16* x,
                                 const float* weight, const float* rstd, Bfloat16* dx) {
  InputGradientRows(rows, size, dy, x, weight, rstd, dx);
}
ROPEWALK_SIMD void InputGradient(int64_t rows, int64_t size, const Bfloat16* dy, const float* x,
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
ROPEWALK_SIMD void WeightGradient(int64_t rows, int64_t size, int64_t begin, int64_t end,
                                  const Bfloat16* dy, const Bfloat16* x, const float* rstd,
                                  float* dweight) {
  WeightGradientColumns(rows, size, begin, end, dy, x, rstd, dweight);
}
ROPEWALK_SIMD void WeightGradient(int64_t rows, int64_t size, int64_t begin, int64_t end,
                                  const Bfloat16* dy, const float* x, const float* rstd,
                                  float* dweight) {
  WeightGradientColumns(rows, size, begin, end, dy, x, rstd, dweight);
}
void WeightGradient(int64_t rows, int64_t size, int64_t begin, int64_t end, const double* dy,
                    const double* x, const double* rstd, double* dweight) {
  WeightGradientColumns(rows, size, begin, end, dy, x, rstd, dweight);
}

}  // namespace

template <typename X, typename T>
void RmsNormForward(int64_t rows, int64_t size, const X* x, const Wide<T>* weight, double eps, T* y,
                    Wide<T>* rstd) {
  const OpTimer timer("norm", 4.0 * rows * size, 1.0 * rows * size * (sizeof(X) + sizeof(T)));
  ParallelForRows(rows, size, [&](int64_t begin, int64_t end) {
    Norm(end - begin, size, x + begin * size, weight, static_cast<Wide<T>>(eps), y + begin * size,
         rstd + begin);
  });
}

template <typename D, typename X>
void RmsNormBackward(int64_t rows, int64_t size, const D* dy, const X* x, const Wide<X>* weight,
                     const Wide<X>* rstd, X* dx, Wide<X>* dweight) {
  const OpTimer timer("norm gradient", 10.0 * rows * size,
                      1.0 * rows * size * (sizeof(D) + 3 * sizeof(X)));
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
template void RmsNormForward(int64_t, int64_t, const float*, const float*, double, Bfloat16*,
                             float*);
template void RmsNormForward(int64_t, int64_t, const Bfloat16*, const float*, double, Bfloat16*,
                             float*);
template void RmsNormBackward(int64_t, int64_t, const float*, const float*, const float*,
                              const float*, float*, float*);
template void RmsNormBackward(int64_t, int64_t, const double*, const double*, const double*,
                              const double*, double*, double*);
template void RmsNormBackward(int64_t, int64_t, const Bfloat16*, const float*, const float*,
                              const float*, float*, float*);
template void RmsNormBackward(int64_t, int64_t, const Bfloat16*, const Bfloat16*, const float*,
                              const float*, Bfloat16*, float*);

}  // namespace ropewalk
