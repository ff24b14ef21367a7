#include "worker/ops/embedding.h"

#include "worker/ops/op_timer.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

template <typename T>
void EmbeddingForward(int64_t rows, const int32_t* tokens, const LinearWeight<T>& table,
                      Wide<T>* y) {
  const OpTimer timer("embedding", 0, 1.0 * rows * table.in() * (sizeof(T) + sizeof(Wide<T>)));
  ParallelForRows(rows, table.in(), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) table.ReadRow(tokens[r], y + r * table.in());
  });
}

template <typename T>
void EmbeddingBackward(int64_t rows, int64_t size, const int32_t* tokens, const T* dy, T* dtable) {
  const OpTimer timer("embedding gradient", 1.0 * rows * size, 3.0 * rows * size * sizeof(T));
  // By columns: two rows may have the same token.
  ParallelFor(size, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < rows; ++r) {
      const T* from = dy + r * size;
      T* to = dtable + tokens[r] * size;
      for (int64_t i = begin; i < end; ++i) to[i] += from[i];
    }
  });
}

template void EmbeddingForward(int64_t, const int32_t*, const LinearWeight<Bfloat16>&, float*);
template void EmbeddingForward(int64_t, const int32_t*, const LinearWeight<float>&, float*);
template void EmbeddingForward(int64_t, const int32_t*, const LinearWeight<double>&, double*);
template void EmbeddingBackward(int64_t, int64_t, const int32_t*, const float*, float*);
template void EmbeddingBackward(int64_t, int64_t, const int32_t*, const double*, double*);

}  // namespace ropewalk
