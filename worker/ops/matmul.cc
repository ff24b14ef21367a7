#include "worker/ops/matmul.h"

#include <oneapi/dnnl/dnnl.h>

#include "worker/ops/matmul_block.h"

namespace ropewalk {

void MatMulBlock(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
                 Transpose transpose_a, const float* b, int64_t ldb, Transpose transpose_b,
                 float beta, float* c, int64_t ldc) {
  dnnl_sgemm(transpose_a == Transpose::kYes ? 'T' : 'N', transpose_b == Transpose::kYes ? 'T' : 'N',
             m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
}

void MatMulBlock(int64_t m, int64_t n, int64_t k, const double* a, int64_t lda,
                 Transpose transpose_a, const double* b, int64_t ldb, Transpose transpose_b,
                 double beta, double* c, int64_t ldc) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) {
        sum += (transpose_a == Transpose::kYes ? a[l * lda + i] : a[i * lda + l]) *
               (transpose_b == Transpose::kYes ? b[j * ldb + l] : b[l * ldb + j]);
      }
      c[i * ldc + j] = sum + (beta == 0 ? 0.0 : beta * c[i * ldc + j]);
    }
  }
}

template <typename T>
void MatMul(int64_t m, int64_t n, int64_t k, const T* a, Transpose transpose_a, const T* b,
            Transpose transpose_b, T beta, T* c) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (int64_t i = 0; i < m * n; ++i) c[i] = beta == 0 ? T{0} : beta * c[i];
    return;
  }
  const int64_t lda = transpose_a == Transpose::kYes ? m : k;
  const int64_t ldb = transpose_b == Transpose::kYes ? k : n;
  if (m >= n) {
    ForMatMulBlocks(m, [&](int64_t begin, int64_t end) {
      const T* rows = transpose_a == Transpose::kYes ? a + begin : a + begin * lda;
      MatMulBlock(end - begin, n, k, rows, lda, transpose_a, b, ldb, transpose_b, beta,
                  c + begin * n, n);
    });
  } else {
    ForMatMulBlocks(n, [&](int64_t begin, int64_t end) {
      const T* columns = transpose_b == Transpose::kYes ? b + begin * ldb : b + begin;
      MatMulBlock(m, end - begin, k, a, lda, transpose_a, columns, ldb, transpose_b, beta,
                  c + begin, n);
    });
  }
}

template void MatMul(int64_t, int64_t, int64_t, const float*, Transpose, const float*, Transpose,
                     float, float*);
template void MatMul(int64_t, int64_t, int64_t, const double*, Transpose, const double*, Transpose,
                     double, double*);

}  // namespace ropewalk
