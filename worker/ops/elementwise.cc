#include "worker/ops/elementwise.h"

#include "worker/ops/lanes.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

ROPEWALK_SIMD void AddRange(int64_t n, const float* x, float* y) { AddScaled(n, 1.0f, x, y); }
ROPEWALK_SIMD void AddRange(int64_t n, const double* x, double* y) { AddScaled(n, 1.0, x, y); }

}  // namespace

template <typename T>
void Add(int64_t n, const T* x, T* y) {
  ParallelForElements(
      n, [&](int64_t begin, int64_t end) { AddRange(end - begin, x + begin, y + begin); });
}

template <typename T>
int64_t ArgMax(int64_t n, const T* x) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; ++i) best = x[i] > x[best] ? i : best;
  return best;
}

template void Add(int64_t, const float*, float*);
template void Add(int64_t, const double*, double*);
template int64_t ArgMax(int64_t, const float*);
template int64_t ArgMax(int64_t, const double*);

}  // namespace ropewalk
