#include "worker/ops/embedding.h"

#include <algorithm>

#include "worker/tensor/parallel.h"

namespace ropewalk {

template <typename T>
void EmbeddingForward(int64_t rows, int64_t size, const int32_t* tokens, const T* table, T* y) {
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) std::copy_n(table + tokens[r] * size, size, y + r * size);
  });
}

template <typename T>
void EmbeddingBackward(int64_t rows, int64_t size, const int32_t* tokens, const T* dy, T* dtable) {
  // By columns: two rows may have the same token.
  ParallelFor(size, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < rows; ++r) {
      const T* from = dy + r * size;
      T* to = dtable + tokens[r] * size;
      for (int64_t i = begin; i < end; ++i) to[i] += from[i];
    }
  });
}

template void EmbeddingForward(int64_t, int64_t, const int32_t*, const float*, float*);
template void EmbeddingForward(int64_t, int64_t, const int32_t*, const double*, double*);
template void EmbeddingBackward(int64_t, int64_t, const int32_t*, const float*, float*);
template void EmbeddingBackward(int64_t, int64_t, const int32_t*, const double*, double*);

}  // namespace ropewalk
