#pragma once

#include <cstdint>
#include <vector>

#include "worker/ops/nf4_scales.h"
#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// 4 bits an element and a scale for 64 of them, as worker/ops/nf4.h says.
class Nf4Matrix final : public StoredMatrix {
 public:
  // Quantises w [rows, columns]; the scales, too, for kNf4Double.
  Nf4Matrix(WeightStorage storage, int64_t rows, int64_t columns, const float* w);

  // What was quantised before. REQUIRES: Nf4Bytes and Nf4Blocks of rows * columns.
  Nf4Matrix(int64_t rows, int64_t columns, std::vector<uint8_t> codes, Nf4Scales scales);

  void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
            float* out) const override;
  WeightStorage storage() const override {
    return scales_.quantized() ? WeightStorage::kNf4Double : WeightStorage::kNf4;
  }
  int64_t rows() const override { return rows_; }
  int64_t columns() const override { return columns_; }
  int64_t bytes() const override { return codes_.size() + scales_.bytes(); }

 private:
  void ReadStretch(int64_t first, int64_t n, float* out) const;

  const int64_t rows_;
  const int64_t columns_;
  std::vector<uint8_t> codes_;
  const Nf4Scales scales_;
};

}  // namespace ropewalk
