#include "worker/ops/rope.h"

#include "worker/tensor/parallel.h"

namespace ropewalk {

template <typename T>
void ApplyRope(int64_t rows, int64_t heads, int64_t pairs, const T* cosines, const T* sines,
               Rotation rotation, T* x) {
  const T sign = rotation == Rotation::kForward ? T{1} : T{-1};
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* cosine = cosines + r * pairs;
      const T* sine = sines + r * pairs;
      for (int64_t h = 0; h < heads; ++h) {
        T* first = x + (r * heads + h) * 2 * pairs;
        T* second = first + pairs;
        for (int64_t i = 0; i < pairs; ++i) {
          const T a = first[i], b = second[i], signed_sine = sign * sine[i];
          first[i] = a * cosine[i] - b * signed_sine;
          second[i] = b * cosine[i] + a * signed_sine;
        }
      }
    }
  });
}

template void ApplyRope(int64_t, int64_t, int64_t, const float*, const float*, Rotation, float*);
template void ApplyRope(int64_t, int64_t, int64_t, const double*, const double*, Rotation, double*);

}  // namespace ropewalk
