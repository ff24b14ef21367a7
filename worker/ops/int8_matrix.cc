#include "worker/ops/int8_matrix.h"

#include <utility>

#include "worker/ops/int8_rows.h"

namespace ropewalk {

Int8Matrix::Int8Matrix(int64_t rows, int64_t columns, const float* w)
    : columns_(columns), codes_(rows * columns), absmax_(rows) {
  QuantizeInt8Rows(rows, columns, w, codes_.data(), absmax_.data());
}

Int8Matrix::Int8Matrix(std::vector<int8_t> codes, std::vector<float> absmax)
    : columns_(codes.size() / absmax.size()),
      codes_(std::move(codes)),
      absmax_(std::move(absmax)) {}

void Int8Matrix::Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
                      float* out) const {
  for (int64_t i = 0; i < row_count; ++i) {
    DequantizeInt8(column_count, codes_.data() + (row + i) * columns_ + column, absmax_[row + i],
                   out + i * column_count);
  }
}

}  // namespace ropewalk
