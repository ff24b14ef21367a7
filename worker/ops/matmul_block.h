#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "worker/ops/matmul.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

// What matrix products are made of.

// Most rows or columns of a product that are computed by one call on one thread. The number of
// threads decides who computes a block and not how: oneDNN itself would cut long sums among
// threads.
inline constexpr int64_t kMatMulBlock = 128;

// The size of equal parts of n >= 1 that are at most `most` large, but for the last one, and whole
// vectors; their number is a multiple of `multiple`, if so many vectors are there.
constexpr int64_t EqualPart(int64_t n, int64_t most, int64_t multiple = 1) {
  constexpr int64_t kVector = 16;
  const int64_t parts = (n + multiple * most - 1) / (multiple * most) * multiple;
  return ((n + parts - 1) / parts + kVector - 1) / kVector * kVector;
}

// f(begin, end) for every block of [0, n), n >= 1, each on one thread: as many for each of two
// threads. The nested call must see a parallel
// region even when there is one block only, or oneDNN would cut the block itself; with one thread
// it has nothing to cut it for.
template <typename F>
void ForMatMulBlocks(int64_t n, F f) {
  const int64_t size = EqualPart(n, kMatMulBlock, 2), blocks = (n + size - 1) / size;
  if (blocks == 1) {
#pragma omp parallel num_threads(2) if (omp_get_max_threads() > 1)
#pragma omp single
    f(0, n);
    return;
  }
  ParallelForEach(blocks, [&](int64_t block) { f(block * size, std::min(n, (block + 1) * size)); });
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
