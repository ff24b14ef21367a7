#include "worker/ops/lora.h"

#include "worker/ops/matmul.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

template <typename T>
void Scale(int64_t n, T factor, T* x) {
  ParallelForElements(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) x[i] *= factor;
  });
}

}  // namespace

template <typename T>
void LoraForward(const LoraShape& shape, int64_t rows, const T* x, const T* a, const T* b, T* xa,
                 T* y) {
  // The scale goes into the smallest matrix, and so also into what the backward pass finds in xa.
  MatMul<T>(rows, shape.rank, shape.in, x, Transpose::kNo, a, Transpose::kYes, 0, xa);
  Scale(rows * shape.rank, static_cast<T>(shape.scale), xa);
  MatMul<T>(rows, shape.out, shape.rank, xa, Transpose::kNo, b, Transpose::kYes, 1, y);
}

template <typename T>
void LoraBackward(const LoraShape& shape, int64_t rows, const T* x, const T* xa, const T* dy,
                  const T* a, const T* b, T* workspace, T* da, T* db, T* dx) {
  MatMul<T>(shape.out, shape.rank, rows, dy, Transpose::kYes, xa, Transpose::kNo, 1, db);
  MatMul<T>(rows, shape.rank, shape.out, dy, Transpose::kNo, b, Transpose::kNo, 0, workspace);
  Scale(rows * shape.rank, static_cast<T>(shape.scale), workspace);
  MatMul<T>(shape.rank, shape.in, rows, workspace, Transpose::kYes, x, Transpose::kNo, 1, da);
  if (dx != nullptr)
    MatMul<T>(rows, shape.in, shape.rank, workspace, Transpose::kNo, a, Transpose::kNo, 1, dx);
}

template void LoraForward(const LoraShape&, int64_t, const float*, const float*, const float*,
                          float*, float*);
template void LoraForward(const LoraShape&, int64_t, const double*, const double*, const double*,
                          double*, double*);
template void LoraBackward(const LoraShape&, int64_t, const float*, const float*, const float*,
                           const float*, const float*, float*, float*, float*, float*);
template void LoraBackward(const LoraShape&, int64_t, const double*, const double*, const double*,
                           const double*, const double*, double*, double*, double*, double*);

}  // namespace ropewalk
