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

// A row of a block, with a loop of fixed length for whole tiles.
template <typename T>
ROPEWALK_INLINE void ForwardRow(int64_t n, const float* product, const T* gate, T* up, T* y) {
  for (int64_t j = 0; j < n; ++j) up[j] = Narrow<T>(product[j]);
  ForwardLoop(n, gate, up, y);
}

template <typename T>
ROPEWALK_INLINE void BackwardRow(int64_t n, const float* product, T* gate, T* up, T* y) {
  ROPEWALK_ELEMENTWISE
  for (int64_t j = 0; j < n; ++j) {
    const float d = Widen(Narrow<T>(product[j])), g = Widen(gate[j]), u = Widen(up[j]);
    const float s = Sigmoid(g);
    y[j] = Narrow<T>(g * s * u);
    up[j] = Narrow<T>(d * g * s);
    gate[j] = Narrow<T>(d * u * s * (1.0f + g * (1.0f - s)));
  }
}

template <typename T>
ROPEWALK_INLINE void ForwardBlock(const ProductBlock& block, const SwigluSink<T>& to) {
  const float* product = block.values;
  int64_t at = block.row * to.stride + block.column;
  for (int64_t i = 0; i < block.rows; ++i, product += kTile, at += to.stride) {
    __builtin_prefetch(to.gate + at + kTile);
    __builtin_prefetch(to.up + at + kTile, 1);
    __builtin_prefetch(to.y + at + kTile, 1);
    if (block.columns == kTile) {
      ForwardRow(kTile, product, to.gate + at, to.up + at, to.y + at);
    } else {
      ForwardRow(block.columns, product, to.gate + at, to.up + at, to.y + at);
    }
  }
}

template <typename T>
ROPEWALK_INLINE void BackwardBlock(const ProductBlock& block, const SwigluGradientSink<T>& to) {
  const float* product = block.values;
  int64_t at = block.row * to.stride + block.column;
  for (int64_t i = 0; i < block.rows; ++i, product += kTile, at += to.stride) {
    __builtin_prefetch(to.gate + at + kTile, 1);
    __builtin_prefetch(to.up + at + kTile, 1);
    __builtin_prefetch(to.y + at + kTile, 1);
    if (block.columns == kTile) {
      BackwardRow(kTile, product, to.gate + at, to.up + at, to.y + at);
    } else {
      BackwardRow(block.columns, product, to.gate + at, to.up + at, to.y + at);
    }
  }
}

ROPEWALK_SIMD void TakeForward(const ProductBlock& block, const SwigluSink<float>& to) {
  ForwardBlock(block, to);
}
ROPEWALK_SIMD void TakeForward(const ProductBlock& block, const SwigluSink<Bfloat16>& to) {
  ForwardBlock(block, to);
}
ROPEWALK_SIMD void TakeBackward(const ProductBlock& block, const SwigluGradientSink<float>& to) {
  BackwardBlock(block, to);
}
ROPEWALK_SIMD void TakeBackward(const ProductBlock& block, const SwigluGradientSink<Bfloat16>& to) {
  BackwardBlock(block, to);
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

template <typename T>
void SwigluSink<T>::operator()(const ProductBlock& block) const {
  TakeForward(block, *this);
}

template <typename T>
void SwigluGradientSink<T>::operator()(const ProductBlock& block) const {
  TakeBackward(block, *this);
}

template struct SwigluSink<float>;
template struct SwigluSink<Bfloat16>;
template struct SwigluGradientSink<float>;
template struct SwigluGradientSink<Bfloat16>;
template void SwigluForward(int64_t, const float*, const float*, float*);
template void SwigluForward(int64_t, const double*, const double*, double*);
template void SwigluForward(int64_t, const Bfloat16*, const Bfloat16*, Bfloat16*);
template void SwigluBackward(int64_t, const float*, const float*, const float*, float*, float*);
template void SwigluBackward(int64_t, const double*, const double*, const double*, double*,
                             double*);
template void SwigluBackward(int64_t, const Bfloat16*, const Bfloat16*, const Bfloat16*, Bfloat16*,
                             Bfloat16*);

}  // namespace ropewalk
