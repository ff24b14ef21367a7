#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "worker/ops/matmul.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

// What matrix products are made of.

// Rows or columns of a product that are computed by one call on one thread. Fixed, so that the
// number of threads decides who computes a block and not how: oneDNN itself would cut long sums
// among threads.
inline constexpr int64_t kMatMulBlock = 128;

// f(begin, end) for every block of [0, n), each on one thread. The nested call must see a parallel
// region even when there is one block only, or oneDNN would cut the block itself; with one thread
// it has nothing to cut it for.
template <typename F>
void ForMatMulBlocks(int64_t n, F f) {
  const int64_t blocks = (n + kMatMulBlock - 1) / kMatMulBlock;
  if (blocks == 1) {
#pragma omp parallel num_threads(2) if (omp_get_max_threads() > 1)
#pragma omp single
    f(0, n);
    return;
  }
  ParallelForEach(blocks, [&](int64_t block) {
    f(block * kMatMulBlock, std::min(n, (block + 1) * kMatMulBlock));
  });
}

// c = op(a) op(b) + beta c as MatMul has it, with rows `lda`, `ldb` and `ldc` elements apart. To be
// called by f above.
void MatMulBlock(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
                 Transpose transpose_a, const float* b, int64_t ldb, Transpose transpose_b,
                 float beta, float* c, int64_t ldc);
void MatMulBlock(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda,
                 Transpose transpose_a, const double* b, int64_t ldb, Transpose transpose_b,
                 double beta, double* c, int64_t ldc);

}  // namespace ropewalk
