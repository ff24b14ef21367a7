#pragma once

#include <cstdint>
#include <vector>

#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// 8 bits an element and a scale a row, as worker/ops/int8_rows.h says.
class Int8Matrix final : public StoredMatrix {
 public:
  // Quantises w [rows, columns].
  Int8Matrix(int64_t rows, int64_t columns, const float* w);

  // What was quantised before. REQUIRES: a scale for each row, and as many codes in each.
  Int8Matrix(std::vector<int8_t> codes, std::vector<float> absmax);

  void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
            float* out) const override;
  WeightStorage storage() const override { return WeightStorage::kInt8; }
  int64_t rows() const override { return absmax_.size(); }
  int64_t columns() const override { return columns_; }
  int64_t bytes() const override { return codes_.size() + absmax_.size() * sizeof(float); }

 private:
  const int64_t columns_;
  std::vector<int8_t> codes_;  // [rows, columns]
  std::vector<float> absmax_;  // [rows]
};

}  // namespace ropewalk
