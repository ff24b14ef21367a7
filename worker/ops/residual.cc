#include "worker/ops/residual.h"

#include "worker/ops/lanes.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

template <typename T>
ROPEWALK_INLINE void Loop(int64_t n, const Wide<T>* x, const T* y, Wide<T>* out) {
  for (int64_t i = 0; i < n; ++i) out[i] = x[i] + Widen(y[i]);
}

ROPEWALK_SIMD void Sum(int64_t n, const float* x, const float* y, float* out) {
  Loop(n, x, y, out);
}
ROPEWALK_SIMD void Sum(int64_t n, const float* x, const Bfloat16* y, float* out) {
  Loop(n, x, y, out);
}
void Sum(int64_t n, const double* x, const double* y, double* out) { Loop(n, x, y, out); }

ROPEWALK_SIMD void SumBlock(const ProductBlock& block, int64_t stride, const float* x, float* out) {
  const float* y = block.values;
  for (int64_t i = 0; i < block.rows; ++i, x += stride, y += kTile, out += stride) {
    __builtin_prefetch(x + kTile);
    __builtin_prefetch(x + kTile + kTile / 2);
    ROPEWALK_ELEMENTWISE
    for (int64_t j = 0; j < block.columns; ++j) out[j] = x[j] + y[j];
  }
}

}  // namespace

template <typename T>
void AddResidual(int64_t n, const Wide<T>* x, const T* y, Wide<T>* out) {
  const OpTimer timer("residual", 1.0 * n, 1.0 * n * (sizeof(T) + 2 * sizeof(Wide<T>)));
  ParallelForElements(
      n, [&](int64_t begin, int64_t end) { Sum(end - begin, x + begin, y + begin, out + begin); });
}

void ResidualSink::operator()(const ProductBlock& block) const {
  const int64_t at = block.row * stride + block.column;
  SumBlock(block, stride, x + at, out + at);
}

template void AddResidual(int64_t, const float*, const float*, float*);
template void AddResidual(int64_t, const double*, const double*, double*);
template void AddResidual(int64_t, const float*, const Bfloat16*, float*);

}  // namespace ropewalk
