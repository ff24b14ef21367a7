#include "worker/ops/plain_matrix.h"

#include <algorithm>
#include <utility>

#include "worker/tensor/aligned_memory.h"

namespace ropewalk {

PlainMatrix::PlainMatrix(int64_t rows, int64_t columns, const float* w)
    : PlainMatrix(rows, columns, nullptr,
                  std::shared_ptr<const void>(AllocateAligned<float>(rows * columns))) {
  own_ = static_cast<float*>(const_cast<void*>(owner_.get()));
  values_ = own_;
  PlainMatrix::Replace(w);
}

bool PlainMatrix::Replace(const float* w) {
  if (own_ == nullptr) return false;
  std::copy_n(w, rows_ * columns_, own_);
  return true;
}

PlainMatrix::PlainMatrix(int64_t rows, int64_t columns, const float* w,
                         std::shared_ptr<const void> owner)
    : rows_(rows), columns_(columns), values_(w), owner_(std::move(owner)) {}

void PlainMatrix::Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
                       float* out) const {
  for (int64_t i = 0; i < row_count; ++i) {
    std::copy_n(&values_[(row + i) * columns_ + column], column_count, out + i * column_count);
  }
}

}  // namespace ropewalk
