#pragma once

#include <cstdint>
#include <memory>

#include "worker/ops/matmul.h"

namespace ropewalk {

// A matrix [k, n] in bfloat16, packed for products from the left. Const calls may run at the same
// time.
class Bfloat16Matrix {
 public:
  Bfloat16Matrix(int64_t k, int64_t n);
  ~Bfloat16Matrix();

  // Rounds and packs w, which is [k, n], or [n, k] with kYes.
  void Pack(const float* w, Transpose transpose);

  // y [rows, n] = x [rows, k] W, or += if `accumulate`: x rounded to bfloat16, sums in float32. The
  // same bits for any number of threads.
  void LeftMultiply(int64_t rows, const float* x, float* y, bool accumulate) const;

 private:
  struct Product;

  const int64_t k_;
  const int64_t n_;
  std::unique_ptr<Product> product_;
};

}  // namespace ropewalk
