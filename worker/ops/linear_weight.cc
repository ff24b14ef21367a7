#include "worker/ops/linear_weight.h"

#include <type_traits>
#include <utility>
#include <vector>

#include "worker/ops/bfloat16_matmul.h"
#include "worker/ops/matmul.h"
#include "worker/ops/stored_matmul.h"

namespace ropewalk {

// One of: the matrix as it is; two packed bfloat16 copies, one for each direction; or stored.
template <typename T>
struct LinearWeight<T>::Packed {
  MatMulPrecision precision;
  WeightStorage storage;
  std::vector<T> plain;
  std::unique_ptr<Bfloat16Matrix> forward;   // W^T: [in, out]
  std::unique_ptr<Bfloat16Matrix> backward;  // W: [out, in]
  std::unique_ptr<const StoredMatrix> stored;
};

template <typename T>
LinearWeight<T>::LinearWeight(int64_t out, int64_t in, MatMulPrecision precision,
                              WeightStorage storage)
    : out_(out), in_(in), packed_(std::make_unique<Packed>()) {
  packed_->precision = precision;
  packed_->storage = storage;
}

template <typename T>
LinearWeight<T>::~LinearWeight() = default;
template <typename T>
LinearWeight<T>::LinearWeight(LinearWeight&&) noexcept = default;
template <typename T>
LinearWeight<T>& LinearWeight<T>::operator=(LinearWeight&&) noexcept = default;

template <typename T>
void LinearWeight<T>::Pack(const T* w) {
  if constexpr (std::is_same_v<T, float>) {
    if (packed_->storage != WeightStorage::kFloat32) {
      return Adopt(StoreMatrix(packed_->storage, out_, in_, w));
    }
    if (packed_->precision == MatMulPrecision::kBfloat16) return PackBfloat16(w);
  }
  packed_->plain.assign(w, w + out_ * in_);
}

template <typename T>
void LinearWeight<T>::PackBfloat16(const float* w) {
  if (packed_->forward == nullptr) {
    packed_->forward = std::make_unique<Bfloat16Matrix>(in_, out_);
    packed_->backward = std::make_unique<Bfloat16Matrix>(out_, in_);
  }
  packed_->forward->Pack(w, Transpose::kYes);
  packed_->backward->Pack(w, Transpose::kNo);
}

template <typename T>
void LinearWeight<T>::Adopt(std::unique_ptr<const StoredMatrix> w) {
  packed_->stored = std::move(w);
}

template <typename T>
void LinearWeight<T>::Forward(int64_t rows, const T* x, T* y) const {
  if constexpr (std::is_same_v<T, float>) {
    if (packed_->stored != nullptr) {
      return StoredForward(*packed_->stored, packed_->precision, rows, x, y);
    }
    if (packed_->forward != nullptr) return packed_->forward->LeftMultiply(rows, x, y, false);
  }
  MatMul<T>(rows, out_, in_, x, Transpose::kNo, packed_->plain.data(), Transpose::kYes, 0, y);
}

template <typename T>
void LinearWeight<T>::BackwardInput(int64_t rows, const T* dy, T* dx, bool accumulate) const {
  if constexpr (std::is_same_v<T, float>) {
    if (packed_->stored != nullptr) {
      return StoredBackwardInput(*packed_->stored, packed_->precision, rows, dy, dx, accumulate);
    }
    if (packed_->backward != nullptr) {
      return packed_->backward->LeftMultiply(rows, dy, dx, accumulate);
    }
  }
  MatMul<T>(rows, in_, out_, dy, Transpose::kNo, packed_->plain.data(), Transpose::kNo,
            accumulate ? 1 : 0, dx);
}

template <typename T>
void AddWeightGradient(int64_t rows, int64_t out, int64_t in, const T* dy, const T* x, T* dw) {
  MatMul<T>(out, in, rows, dy, Transpose::kYes, x, Transpose::kNo, 1, dw);
}

template class LinearWeight<float>;
template class LinearWeight<double>;
template void AddWeightGradient(int64_t, int64_t, int64_t, const float*, const float*, float*);
template void AddWeightGradient(int64_t, int64_t, int64_t, const double*, const double*, double*);

}  // namespace ropewalk
