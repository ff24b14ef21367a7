#include "worker/ops/linear_weight.h"

#include <algorithm>
#include <type_traits>

#include "worker/ops/block_sinks.h"
#include "worker/ops/few_rows_product.h"
#include "worker/ops/matmul.h"
#include "worker/ops/matrix_panels.h"
#include "worker/ops/op_timer.h"
#include "worker/ops/stored_matmul.h"
#include "worker/ops/transposed_product.h"

namespace ropewalk {
namespace {

template <typename T>
constexpr bool kIsDouble = std::is_same_v<T, double>;

// x as the left factor; Bfloat16 numbers are one plane whatever the precision.
LeftFactor<Bfloat16> Left(const Bfloat16* x, int64_t stride, MatMulPrecision) {
  return {x, stride, 1};
}
LeftFactor<float> Left(const float* x, int64_t stride, MatMulPrecision precision) {
  return {x, stride, precision == MatMulPrecision::kBfloat16 ? 1 : kMaxPlanes};
}

}  // namespace

bool CpuHasBfloat16() { return &BestTileKernel() != &kPlainTileKernel; }

template <typename T>
bool UsesTiles(MatMulPrecision precision) {
  if constexpr (kIsDouble<T>) return false;
  if constexpr (std::is_same_v<T, Bfloat16>) return true;
  return precision == MatMulPrecision::kBfloat16 || &BestTileKernel() == &kAmxTileKernel;
}

template <typename T>
LinearWeight<T>::LinearWeight(int64_t out, int64_t in, MatMulPrecision precision,
                              WeightStorage storage)
    : out_(out), in_(in), precision_(precision), storage_(storage) {}

template <typename T>
void LinearWeight<T>::Pack(const Wide<T>* w) {
  if constexpr (kIsDouble<T>) {
    doubles_.assign(w, w + out_ * in_);
  } else {
    const bool shared = packed_.use_count() > 2;  // by more than packed_ and stored_
    if (packed_ != nullptr && !shared && packed_->Replace(w)) return;
    packed_ = StoreMatrix(packed_storage(), out_, in_, w);
    stored_ = packed_;
  }
}

template <typename T>
int64_t LinearWeight<T>::bytes() const {
  if (stored_ != nullptr) return stored_->bytes();
  const bool halves = packed_storage() == WeightStorage::kBfloat16;
  return out_ * in_ * (kIsDouble<T> ? sizeof(double) : halves ? sizeof(Bfloat16) : sizeof(float));
}

template <typename T>
template <typename Y>
void LinearWeight<T>::Forward(int64_t rows, const T* x, Y* y, bool accumulate,
                              const LowRankTerm& term) const {
  const OpTimer timer("product", Flops(rows, term.u.rank), Bytes(rows, sizeof(T), sizeof(Y)));
  if constexpr (kIsDouble<T>) {
    MatMul<T>(rows, out_, in_, x, Transpose::kNo, doubles_.data(), Transpose::kYes,
              accumulate ? 1 : 0, y);
  } else {
    if constexpr (std::is_same_v<T, float>) {
      if (!UsesTiles<T>(precision_)) return StoredForward(*stored_, rows, x, y, accumulate);
    }
    Products(rows, x, BlockSink<Y>{y, out_, accumulate}, term);
  }
}

template <typename T>
template <typename X>
void LinearWeight<T>::BackwardInput(int64_t rows, const T* dy, X* dx, bool accumulate,
                                    const LowRankTerm& term) const {
  const OpTimer timer("input gradient", Flops(rows, term.u.rank),
                      Bytes(rows, sizeof(X), sizeof(T)));
  if constexpr (kIsDouble<T>) {
    MatMul<T>(rows, in_, out_, dy, Transpose::kNo, doubles_.data(), Transpose::kNo,
              accumulate ? 1 : 0, dx);
  } else {
    if constexpr (std::is_same_v<T, float>) {
      if (!UsesTiles<T>(precision_)) return StoredBackwardInput(*stored_, rows, dy, dx, accumulate);
    }
    InputGradients(rows, dy, BlockSink<X>{dx, in_, accumulate}, term);
  }
}

template <typename T>
void LinearWeight<T>::ForwardBlocks(int64_t rows, const T* x, TakeBlock take,
                                    const LowRankTerm& term) const {
  const OpTimer timer("product", Flops(rows, term.u.rank), Bytes(rows, sizeof(T), sizeof(T)));
  Products(rows, x, take, term);
}

template <typename T>
void LinearWeight<T>::BackwardInputBlocks(int64_t rows, const T* dy, TakeBlock take,
                                          const LowRankTerm& term) const {
  const OpTimer timer("input gradient", Flops(rows, term.u.rank),
                      Bytes(rows, sizeof(T), sizeof(T)));
  InputGradients(rows, dy, take, term);
}

template <typename T>
void LinearWeight<T>::Products(int64_t rows, const T* x, TakeBlock take,
                               const LowRankTerm& term) const {
  if constexpr (!kIsDouble<T>) {
    const int planes = PlanesOf(*stored_, precision_ == MatMulPrecision::kBfloat16);
    if (rows <= kFewRows) {
      return FewRowsProduct<T>(rows, Left(x, in_, precision_), *stored_, planes, take, term);
    }
    PanelProduct<T>(
        {rows, out_, in_}, Left(x, in_, precision_), planes,
        [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
          PackOutputs(*stored_, planes, column, columns, first, count, panels);
        },
        take, term,
        [&](int64_t column, int64_t columns, int64_t first, int64_t count, int64_t part,
            int64_t parts) {
          PrefetchOutputs(*stored_, column, columns, first, count, part, parts);
        });
  }
}

template <typename T>
void LinearWeight<T>::InputGradients(int64_t rows, const T* dy, TakeBlock take,
                                     const LowRankTerm& term) const {
  if constexpr (!kIsDouble<T>) {
    const int planes = PlanesOf(*stored_, precision_ == MatMulPrecision::kBfloat16);
    PanelProduct<T>(
        {rows, in_, out_}, Left(dy, out_, precision_), planes,
        [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
          PackInputs(*stored_, planes, column, columns, first, count, panels);
        },
        take, term,
        [&](int64_t column, int64_t columns, int64_t first, int64_t count, int64_t part,
            int64_t parts) {
          PrefetchInputs(*stored_, column, columns, first, count, part, parts);
        });
  }
}

template <typename T>
double LinearWeight<T>::Flops(int64_t rows, int64_t rank) const {
  return 2.0 * rows * (1.0 * out_ * in_ + 1.0 * rank * (out_ + in_));
}

template <typename T>
double LinearWeight<T>::Bytes(int64_t rows, size_t of_x, size_t of_y) const {
  return bytes() + 1.0 * rows * (in_ * of_x + out_ * of_y);
}

template <typename T>
void LinearWeight<T>::ReadRow(int64_t row, Wide<T>* out) const {
  if constexpr (kIsDouble<T>) {
    std::copy_n(doubles_.data() + row * in_, in_, out);
  } else {
    stored_->Read(row, 1, 0, in_, out);
  }
}

template <typename T>
void AddWeightGradient(MatMulPrecision precision, int64_t rows, int64_t out, int64_t in,
                       const T* dy, const T* x, Wide<T>* dw) {
  const OpTimer timer("weight gradient", 2.0 * rows * out * in,
                      1.0 * rows * (out + in) * sizeof(T) + 2.0 * out * in * sizeof(Wide<T>));
  if constexpr (!kIsDouble<T>) {
    if (UsesTiles<T>(precision)) {
      return TransposedProduct<T>(rows, out, in, dy, out, x, in,
                                  precision == MatMulPrecision::kFull ? kMaxPlanes : 1,
                                  BlockSink<float>{dw, in, true});
    }
  }
  if constexpr (!std::is_same_v<T, Bfloat16>) {
    MatMul<T>(out, in, rows, dy, Transpose::kYes, x, Transpose::kNo, 1, dw);
  }
}

#define ROPEWALK_INSTANTIATE(T)                                                                   \
  template class LinearWeight<T>;                                                                 \
  template bool UsesTiles<T>(MatMulPrecision);                                                    \
  template void LinearWeight<T>::Forward(int64_t, const T*, T*, bool, const LowRankTerm&) const;  \
  template void LinearWeight<T>::BackwardInput(int64_t, const T*, T*, bool, const LowRankTerm&)   \
      const;                                                                                      \
  template void AddWeightGradient(MatMulPrecision, int64_t, int64_t, int64_t, const T*, const T*, \
                                  Wide<T>*)

ROPEWALK_INSTANTIATE(double);
ROPEWALK_INSTANTIATE(float);
ROPEWALK_INSTANTIATE(Bfloat16);
#undef ROPEWALK_INSTANTIATE
template void LinearWeight<Bfloat16>::Forward(int64_t, const Bfloat16*, float*, bool,
                                              const LowRankTerm&) const;
template void LinearWeight<Bfloat16>::BackwardInput(int64_t, const Bfloat16*, float*, bool,
                                                    const LowRankTerm&) const;

}  // namespace ropewalk
