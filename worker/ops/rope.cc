#include "worker/ops/rope.h"

#include <cmath>

#include "worker/tensor/parallel.h"

namespace ropewalk {

template <typename T>
RopeTable<T>::RopeTable(const std::vector<double>& frequencies, int64_t max_position,
                        double attention_factor)
    : pairs_(frequencies.size()),
      max_position_(max_position),
      cosines_(pairs_ * max_position),
      sines_(pairs_ * max_position) {
  for (int64_t p = 0; p < max_position; ++p) {
    for (int64_t i = 0; i < pairs_; ++i) {
      cosines_[p * pairs_ + i] = static_cast<T>(attention_factor * std::cos(p * frequencies[i]));
      sines_[p * pairs_ + i] = static_cast<T>(attention_factor * std::sin(p * frequencies[i]));
    }
  }
}

template <typename T>
void ApplyRope(int64_t rows, int64_t heads, const RopeTable<T>& table, const int32_t* positions,
               Rotation rotation, T* x) {
  const int64_t pairs = table.pairs();
  const T sign = rotation == Rotation::kForward ? T{1} : T{-1};
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* cosines = table.cosines(positions[r]);
      const T* sines = table.sines(positions[r]);
      for (int64_t h = 0; h < heads; ++h) {
        T* first = x + (r * heads + h) * 2 * pairs;
        T* second = first + pairs;
        for (int64_t i = 0; i < pairs; ++i) {
          const T a = first[i], b = second[i], sine = sign * sines[i];
          first[i] = a * cosines[i] - b * sine;
          second[i] = b * cosines[i] + a * sine;
        }
      }
    }
  });
}

template class RopeTable<float>;
template class RopeTable<double>;
template void ApplyRope(int64_t, int64_t, const RopeTable<float>&, const int32_t*, Rotation,
                        float*);
template void ApplyRope(int64_t, int64_t, const RopeTable<double>&, const int32_t*, Rotation,
                        double*);

}  // namespace ropewalk
