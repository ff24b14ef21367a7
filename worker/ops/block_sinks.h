#pragma once

#include <cstdint>

#include "worker/ops/panel_product.h"
#include "worker/tensor/element.h"

namespace ropewalk {

// What is done with a block of a product that is float32: y [rows, columns], rows `stride` apart,
// becomes the product, or += it if `accumulate`.
template <typename Y>
struct BlockSink {
  Y* y;
  int64_t stride;
  bool accumulate;

  void operator()(const ProductBlock& block) const;
};

}  // namespace ropewalk
