#include "worker/ops/bias.h"

#include "worker/tensor/parallel.h"

namespace ropewalk {

template <typename T>
void AddBias(int64_t rows, int64_t size, const T* bias, T* y) {
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t i = 0; i < size; ++i) y[r * size + i] += bias[i];
    }
  });
}

template <typename T>
void AddBiasGradient(int64_t rows, int64_t size, const T* dy, T* dbias) {
  ParallelFor(size, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = begin; i < end; ++i) dbias[i] += dy[r * size + i];
    }
  });
}

template void AddBias(int64_t, int64_t, const float*, float*);
template void AddBias(int64_t, int64_t, const double*, double*);
template void AddBiasGradient(int64_t, int64_t, const float*, float*);
template void AddBiasGradient(int64_t, int64_t, const double*, double*);

}  // namespace ropewalk
