#include "worker/ops/lora.h"

#include "worker/ops/matmul.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

template <typename T>
void Scale(int64_t n, T factor, T* x) {
  ParallelForElements(n, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) x[i] *= factor;
  });
}

// Of so many passes over a [rows, in] or [rows, out] matrix each.
template <typename T>
double Bytes(const LoraShape& shape, int64_t rows, int in_passes, int out_passes) {
  return 1.0 * rows * (in_passes * shape.in + out_passes * shape.out) * sizeof(T);
}

}  // namespace

template <typename T>
void LoraForward(const LoraShape& shape, int64_t rows, const T* x, const T* a, const T* b, T* xa,
                 T* y) {
  const OpTimer timer("adapter", 2.0 * rows * shape.rank * (shape.in + shape.out),
                      Bytes<T>(shape, rows, 1, 2));
  // The scale goes into the smallest matrix, and so also into what the backward pass finds in xa.
  MatMul<T>(rows, shape.rank, shape.in, x, Transpose::kNo, a, Transpose::kYes, 0, xa);
  Scale(rows * shape.rank, static_cast<T>(shape.scale), xa);
  MatMul<T>(rows, shape.out, shape.rank, xa, Transpose::kNo, b, Transpose::kYes, 1, y);
}

template <typename T>
void LoraBackward(const LoraShape& shape, int64_t rows, const T* x, const T* xa, const T* dy,
                  const T* a, const T* b, T* workspace, T* da, T* db, T* dx) {
  const int products_of_in = dx == nullptr ? 1 : 2;
  const OpTimer timer("adapter gradient",
                      2.0 * rows * shape.rank * (2 * shape.out + products_of_in * shape.in),
                      Bytes<T>(shape, rows, dx == nullptr ? 1 : 3, 2));
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
