#include "worker/ops/elementwise.h"

#include <algorithm>

#include "worker/ops/lanes.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

template <typename T>
ROPEWALK_INLINE void AddLoop(int64_t n, const T* x, T* y) {
  ROPEWALK_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) y[i] = Narrow<T>(Widen(y[i]) + Widen(x[i]));
}

template <typename T>
ROPEWALK_INLINE void SubtractLoop(int64_t n, const T* x, T* y) {
  ROPEWALK_ELEMENTWISE
  for (int64_t i = 0; i < n; ++i) y[i] = Narrow<T>(Widen(y[i]) - Widen(x[i]));
}

ROPEWALK_SIMD void AddRange(int64_t n, const float* x, float* y) { AddLoop(n, x, y); }
ROPEWALK_SIMD void AddRange(int64_t n, const double* x, double* y) { AddLoop(n, x, y); }
ROPEWALK_SIMD void AddRange(int64_t n, const Bfloat16* x, Bfloat16* y) { AddLoop(n, x, y); }

ROPEWALK_SIMD void SubtractRange(int64_t n, const float* x, float* y) { SubtractLoop(n, x, y); }
ROPEWALK_SIMD void SubtractRange(int64_t n, const double* x, double* y) { SubtractLoop(n, x, y); }
ROPEWALK_SIMD void SubtractRange(int64_t n, const Bfloat16* x, Bfloat16* y) {
  SubtractLoop(n, x, y);
}

template <typename T>
void ConvertRange(int64_t n, const T* x, T* y) {
  std::copy_n(x, n, y);
}
ROPEWALK_SIMD void ConvertRange(int64_t n, const float* __restrict x, Bfloat16* __restrict y) {
  for (int64_t i = 0; i < n; ++i) y[i] = ToBfloat16(x[i]);
}
ROPEWALK_SIMD void ConvertRange(int64_t n, const Bfloat16* __restrict x, float* __restrict y) {
  for (int64_t i = 0; i < n; ++i) y[i] = FromBfloat16(x[i]);
}

template <typename X, typename Y>
void ConvertAll(int64_t n, const X* x, Y* y) {
  ParallelForElements(
      n, [&](int64_t begin, int64_t end) { ConvertRange(end - begin, x + begin, y + begin); });
}

}  // namespace

template <typename T>
void Add(int64_t n, const T* x, T* y) {
  ParallelForElements(
      n, [&](int64_t begin, int64_t end) { AddRange(end - begin, x + begin, y + begin); });
}

template <typename T>
void Subtract(int64_t n, const std::type_identity_t<T>* x, T* y) {
  ParallelForElements(
      n, [&](int64_t begin, int64_t end) { SubtractRange(end - begin, x + begin, y + begin); });
}

template <typename T>
void RoundTo(int64_t n, const Wide<T>* x, T* y) {
  const OpTimer timer("round", 1.0 * n, 1.0 * n * (sizeof(Wide<T>) + sizeof(T)));
  ConvertAll(n, x, y);
}

template <typename T>
void WidenFrom(int64_t n, const T* x, Wide<T>* y) {
  ConvertAll(n, x, y);
}

template <typename T>
int64_t ArgMax(int64_t n, const T* x) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; ++i) best = Widen(x[i]) > Widen(x[best]) ? i : best;
  return best;
}

template void Add(int64_t, const float*, float*);
template void Add(int64_t, const double*, double*);
template void Add(int64_t, const Bfloat16*, Bfloat16*);
template void Subtract(int64_t, const float*, float*);
template void Subtract(int64_t, const double*, double*);
template void Subtract(int64_t, const Bfloat16*, Bfloat16*);
template void RoundTo(int64_t, const float*, float*);
template void RoundTo(int64_t, const double*, double*);
template void RoundTo(int64_t, const float*, Bfloat16*);
template void WidenFrom(int64_t, const float*, float*);
template void WidenFrom(int64_t, const double*, double*);
template void WidenFrom(int64_t, const Bfloat16*, float*);
template int64_t ArgMax(int64_t, const float*);
template int64_t ArgMax(int64_t, const double*);

}  // namespace ropewalk
