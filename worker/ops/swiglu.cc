#include "worker/ops/swiglu.h"

#include "worker/ops/lanes.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/element.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

template <typename T>
ROPEWALK_INLINE void ForwardLoop(int64_t n, const T* gate, const T* up, T* y) {
  using W = Wide<T>;
  ROPEWALK_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) {
    const W g = Widen(gate[i]);
    y[i] = Narrow<T>(g * Sigmoid(g) * Widen(up[i]));
  }
}

template <typename T>
ROPEWALK_INLINE void BackwardLoop(int64_t n, const T* dy, const T* gate, const T* up, T* dgate,
                                  T* dup) {
  using W = Wide<T>;
  ROPEWALK_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) {
    const W g = Widen(gate[i]), u = Widen(up[i]), d = Widen(dy[i]);
    const W s = Sigmoid(g);
    dup[i] = Narrow<T>(d * g * s);
    dgate[i] = Narrow<T>(d * u * s * (W{1} + g * (W{1} - s)));
  }
}

ROPEWALK_SIMD void Forward(int64_t n, const float* gate, const float* up, float* y) {
  ForwardLoop(n, gate, up, y);
}
ROPEWALK_SIMD void Forward(int64_t n, const Bfloat16* gate, const Bfloat16* up, Bfloat16* y) {
  ForwardLoop(n, gate, up, y);
}
void Forward(int64_t n, const double* gate, const double* up, double* y) {
  ForwardLoop(n, gate, up, y);
}
ROPEWALK_SIMD void Backward(int64_t n, const float* dy, const float* gate, const float* up,
                            float* dgate, float* dup) {
  BackwardLoop(n, dy, gate, up, dgate, dup);
}
ROPEWALK_SIMD void Backward(int64_t n, const Bfloat16* dy, const Bfloat16* gate, const Bfloat16* up,
                            Bfloat16* dgate, Bfloat16* dup) {
  BackwardLoop(n, dy, gate, up, dgate, dup);
}
void Backward(int64_t n, const double* dy, const double* gate, const double* up, double* dgate,
              double* dup) {
  BackwardLoop(n, dy, gate, up, dgate, dup);
}

}  // namespace

template <typename T>
void SwigluForward(int64_t n, const T* gate, const T* up, T* y) {
  const OpTimer timer("swiglu", 20.0 * n, 3.0 * n * sizeof(T));
  ParallelForElements(n, [&](int64_t begin, int64_t end) {
    Forward(end - begin, gate + begin, up + begin, y + begin);
  });
}

template <typename T>
void SwigluBackward(int64_t n, const T* dy, const T* gate, const T* up, T* dgate, T* dup) {
  const OpTimer timer("swiglu gradient", 28.0 * n, 5.0 * n * sizeof(T));
  ParallelForElements(n, [&](int64_t begin, int64_t end) {
    Backward(end - begin, dy + begin, gate + begin, up + begin, dgate + begin, dup + begin);
  });
}

template void SwigluForward(int64_t, const float*, const float*, float*);
template void SwigluForward(int64_t, const double*, const double*, double*);
template void SwigluForward(int64_t, const Bfloat16*, const Bfloat16*, Bfloat16*);
template void SwigluBackward(int64_t, const float*, const float*, const float*, float*, float*);
template void SwigluBackward(int64_t, const double*, const double*, const double*, double*,
                             double*);
template void SwigluBackward(int64_t, const Bfloat16*, const Bfloat16*, const Bfloat16*, Bfloat16*,
                             Bfloat16*);

}  // namespace ropewalk
