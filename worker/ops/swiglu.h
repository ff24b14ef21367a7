#pragma once

#include <cstdint>

#include "worker/ops/panel_product.h"

namespace ropewalk {

// y = silu(gate) * up, silu(x) = x / (1 + exp(-x)) (Shazeer, 2020). All [n].
template <typename T>
void SwigluForward(int64_t n, const T* gate, const T* up, T* y);

// dup = dy * silu(gate); dgate = dy * up * s * (1 + gate * (1 - s)), s = 1 / (1 + exp(-gate)).
// dgate may be gate's memory and dup up's.
template <typename T>
void SwigluBackward(int64_t n, const T* dy, const T* gate, const T* up, T* dgate, T* dup);

// The same for products that give `up` and dy, as their TakeBlock: a block is rounded to T first,
// so the results are those of the calls above. Rows are `stride` apart. T is float or Bfloat16.
template <typename T>
struct SwigluSink {
  const T* gate;
  T* up;  // receives the product
  T* y;
  int64_t stride;

  void operator()(const ProductBlock& block) const;
};

// dgate and dup take the place of gate and up; y is once more silu(gate) * up.
template <typename T>
struct SwigluGradientSink {
  T* gate;
  T* up;
  T* y;
  int64_t stride;

  void operator()(const ProductBlock& block) const;
};

}  // namespace ropewalk
