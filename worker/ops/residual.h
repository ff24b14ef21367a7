#pragma once

#include <cstdint>

#include "worker/ops/panel_product.h"
#include "worker/tensor/element.h"

namespace ropewalk {

// out = x + y. All [n]; out may be x.
template <typename T>
void AddResidual(int64_t n, const Wide<T>* x, const T* y, Wide<T>* out);

// The same for y that a product is, as its TakeBlock: out = x + y, rows `stride` apart, where y is
// not rounded before.
struct ResidualSink {
  const float* x;
  float* out;
  int64_t stride;

  void operator()(const ProductBlock& block) const;
};

}  // namespace ropewalk
