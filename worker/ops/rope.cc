#include "worker/ops/rope.h"

#include "worker/ops/lanes.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// `first` and `second` are the halves of one head.
template <typename T>
ROPEWALK_INLINE void TurnHead(int64_t pairs, const Wide<T>* __restrict cosine,
                              const Wide<T>* __restrict sine, Wide<T> sign, T* __restrict first,
                              T* __restrict second) {
  for (int64_t i = 0; i < pairs; ++i) {
    const Wide<T> a = Widen(first[i]), b = Widen(second[i]), signed_sine = sign * sine[i];
    first[i] = Narrow<T>(a * cosine[i] - b * signed_sine);
    second[i] = Narrow<T>(b * cosine[i] + a * signed_sine);
  }
}

template <typename T>
ROPEWALK_INLINE void TurnRows(int64_t rows, int64_t heads, int64_t pairs, const Wide<T>* cosines,
                              const Wide<T>* sines, Wide<T> sign, T* x) {
  for (int64_t r = 0; r < rows; ++r, cosines += pairs, sines += pairs) {
    for (int64_t h = 0; h < heads; ++h, x += 2 * pairs) {
      TurnHead(pairs, cosines, sines, sign, x, x + pairs);
    }
  }
}

ROPEWALK_SIMD void Turn(int64_t rows, int64_t heads, int64_t pairs, const float* cosines,
                        const float* sines, float sign, float* x) {
  TurnRows(rows, heads, pairs, cosines, sines, sign, x);
}
ROPEWALK_SIMD void Turn(int64_t rows, int64_t heads, int64_t pairs, const float* cosines,
                        const float* sines, float sign, Bfloat16* x) {
  TurnRows(rows, heads, pairs, cosines, sines, sign, x);
}
void Turn(int64_t rows, int64_t heads, int64_t pairs, const double* cosines, const double* sines,
          double sign, double* x) {
  TurnRows(rows, heads, pairs, cosines, sines, sign, x);
}

}  // namespace

template <typename T>
void ApplyRope(int64_t rows, int64_t heads, int64_t pairs, const Wide<T>* cosines,
               const Wide<T>* sines, Rotation rotation, T* x) {
  const OpTimer timer("rope", 6.0 * rows * heads * pairs, 4.0 * rows * heads * pairs * sizeof(T));
  const Wide<T> sign = rotation == Rotation::kForward ? Wide<T>{1} : Wide<T>{-1};
  ParallelForRows(rows, heads * 2 * pairs, [&](int64_t begin, int64_t end) {
    Turn(end - begin, heads, pairs, cosines + begin * pairs, sines + begin * pairs, sign,
         x + begin * heads * 2 * pairs);
  });
}

template void ApplyRope(int64_t, int64_t, int64_t, const float*, const float*, Rotation, float*);
template void ApplyRope(int64_t, int64_t, int64_t, const double*, const double*, Rotation, double*);
template void ApplyRope(int64_t, int64_t, int64_t, const float*, const float*, Rotation, Bfloat16*);

}  // namespace ropewalk
