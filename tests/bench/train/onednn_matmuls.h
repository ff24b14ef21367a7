#pragma once

#include <cstdint>
#include <vector>

#include "worker/model/config.h"

namespace ropewalk {

// A product y [rows, out] = x [rows, in] W [in, out] that a step makes `count` times.
struct MatMulShape {
  int64_t rows = 0;
  int64_t in = 0;
  int64_t out = 0;
  double count = 0;
};

// A micro-batch's size.
struct BatchRows {
  int64_t tokens = 0;
  int64_t targets = 0;
};

// The products with frozen weights that a LoRA step cannot do without: every linear layer forward,
// and backward to its input unless nothing below it trains; the output layer both ways, on rows
// with a target. Not among them: attention, and the adapters' own products. The output layer's
// logits are taken 1024 rows at a time, because nobody needs more of them at once.
std::vector<MatMulShape> FrozenMatMuls(const ModelConfig& config,
                                       const std::vector<BatchRows>& batches);

// Floating-point operations of all of them.
double FlopsOf(const std::vector<MatMulShape>& shapes);

// The seconds that oneDNN needs for one product of this shape; its `count` is not looked at.
double OneDnnSecondsOf(const MatMulShape& shape, bool bfloat16);

// The seconds that oneDNN's matmul primitive needs for all of them with this process's threads:
// factors and results in bfloat16 or float32, weights in the layout that oneDNN likes best (format
// `any`) and packed beforehand, each shape timed warm, the median of several calls.
double OneDnnSeconds(const std::vector<MatMulShape>& shapes, bool bfloat16);

}  // namespace ropewalk
