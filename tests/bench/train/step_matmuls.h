#pragma once

#include <cstdint>
#include <vector>

#include "worker/model/config.h"

namespace ropewalk {

// A product [rows, out] of x [rows, in] with a weight that a step makes `count` times: forward, of
// a weight [out, in], or backward, by a layer's input, of one [in, out].
struct MatMulShape {
  int64_t rows = 0;
  int64_t in = 0;
  int64_t out = 0;
  bool backward = false;
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

// The seconds of one call of oneDNN's matmul primitive for this shape with this process's threads:
// the median of several, warm, with factors and result in bfloat16 or float32 and the weight in the
// layout that oneDNN likes best (format `any`), packed beforehand.
double OneDnnSecondsOf(const MatMulShape& shape, bool bfloat16);

// Seconds of all products of a list: oneDNN's, and those of Ropewalk's own layers, of weights as a
// folder of bfloat16 numbers has them, not packed, measured alike and in turn.
struct MatMulSeconds {
  double onednn = 0;
  double own = 0;
};
MatMulSeconds MeasureMatMuls(const std::vector<MatMulShape>& shapes, bool bfloat16);

}  // namespace ropewalk
