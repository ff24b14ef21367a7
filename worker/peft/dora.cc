#include "worker/peft/dora.h"

#include <algorithm>
#include <cmath>

#include "worker/ops/matmul.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

template <typename T>
void Dora<T>::SetBase(const LinearWeight<T>* weight, absl::Span<const T> values) {
  weight_ = weight;
  squared_norms_.assign(weight->out(), 0.0);
  ParallelFor(weight->out(), [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      for (int64_t i = 0; i < weight->in(); ++i) {
        const double value = values[j * weight->in() + i];
        squared_norms_[j] += value * value;
      }
    }
  });
}

template <typename T>
std::vector<T> Dora<T>::BaseNorms() const {
  std::vector<T> norms(squared_norms_.size());
  for (size_t j = 0; j < norms.size(); ++j) norms[j] = static_cast<T>(std::sqrt(squared_norms_[j]));
  return norms;
}

// ‖w + s bᵀA‖² = ‖w‖² + 2 s b·(A w) + s² bᵀ(A Aᵀ) b, w a row of W and b the same of B.
template <typename T>
void Dora<T>::Update(const LoraShape& shape, const T* a, const T* b, const T* magnitude) {
  const int64_t rank = shape.rank;
  norms_.resize(shape.out);
  gains_.resize(shape.out);
  aw_.resize(rank * shape.out);
  gram_.resize(rank * rank);
  weight_->Forward(rank, a, aw_.data());
  MatMul<T>(rank, rank, shape.in, a, Transpose::kNo, a, Transpose::kYes, 0, gram_.data());
  ParallelFor(shape.out, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      double square = squared_norms_[j];
      for (int64_t k = 0; k < rank; ++k) {
        double from_gram = 0;
        for (int64_t l = 0; l < rank; ++l)
          from_gram += double{gram_[k * rank + l]} * b[j * rank + l];
        square += shape.scale * b[j * rank + k] *
                  (2.0 * aw_[k * shape.out + j] + shape.scale * from_gram);
      }
      norms_[j] = static_cast<T>(std::sqrt(std::max(0.0, square)));
      gains_[j] = magnitude[j] / norms_[j];
    }
  });
}

template <typename T>
void Dora<T>::Scale(int64_t rows, T* u) const {
  const int64_t out = weight_->out();
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t j = 0; j < out; ++j) u[row * out + j] *= gains_[j];
    }
  });
}

// Cut by columns, so that each column's sum has its terms in the order of the rows.
template <typename T>
void Dora<T>::Backward(int64_t rows, const T* dy, T* u, T* d_magnitude) const {
  const int64_t out = weight_->out();
  ParallelFor(out, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < rows; ++row) {
      const T* const dy_row = dy + row * out;
      T* const u_row = u + row * out;
      for (int64_t j = begin; j < end; ++j) {
        d_magnitude[j] += dy_row[j] * u_row[j] / norms_[j];
        u_row[j] = gains_[j] * dy_row[j];
      }
    }
  });
}

template class Dora<float>;
template class Dora<double>;

}  // namespace ropewalk
