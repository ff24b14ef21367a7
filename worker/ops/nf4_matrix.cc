#include "worker/ops/nf4_matrix.h"

#include <utility>

#include "worker/ops/nf4.h"

namespace ropewalk {

Nf4Matrix::Nf4Matrix(int64_t rows, int64_t columns, const float* w)
    : rows_(rows),
      columns_(columns),
      codes_(Nf4Bytes(rows * columns)),
      absmax_(Nf4Blocks(rows * columns)) {
  QuantizeNf4(rows * columns, w, codes_.data(), absmax_.data());
}

Nf4Matrix::Nf4Matrix(int64_t rows, int64_t columns, std::vector<uint8_t> codes,
                     std::vector<float> absmax)
    : rows_(rows), columns_(columns), codes_(std::move(codes)), absmax_(std::move(absmax)) {}

void Nf4Matrix::Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
                     float* out) const {
  for (int64_t i = 0; i < row_count; ++i) {
    DequantizeNf4((row + i) * columns_ + column, column_count, codes_.data(), absmax_.data(),
                  out + i * column_count);
  }
}

}  // namespace ropewalk
