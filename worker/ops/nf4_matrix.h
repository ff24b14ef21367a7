#pragma once

#include <cstdint>
#include <vector>

#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// 4 bits an element and a scale for 64 of them, as worker/ops/nf4.h says.
class Nf4Matrix final : public StoredMatrix {
 public:
  // Quantises w [rows, columns].
  Nf4Matrix(int64_t rows, int64_t columns, const float* w);

  // What was quantised before. REQUIRES: Nf4Bytes and Nf4Blocks of rows * columns.
  Nf4Matrix(int64_t rows, int64_t columns, std::vector<uint8_t> codes, std::vector<float> absmax);

  void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
            float* out) const override;
  WeightStorage storage() const override { return WeightStorage::kNf4; }
  int64_t rows() const override { return rows_; }
  int64_t columns() const override { return columns_; }
  int64_t bytes() const override { return codes_.size() + absmax_.size() * sizeof(float); }

 private:
  const int64_t rows_;
  const int64_t columns_;
  std::vector<uint8_t> codes_;
  std::vector<float> absmax_;
};

}  // namespace ropewalk
