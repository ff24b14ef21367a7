#pragma once

#include <cstdint>
#include <vector>

#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// 16 bits an element: kBfloat16 or kFloat16, rounded to nearest even.
class HalfMatrix final : public StoredMatrix {
 public:
  // REQUIRES: such a storage. w: [rows, columns].
  HalfMatrix(WeightStorage storage, int64_t rows, int64_t columns, const float* w);

  void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
            float* out) const override;
  WeightStorage storage() const override { return storage_; }
  int64_t rows() const override { return rows_; }
  int64_t columns() const override { return columns_; }
  int64_t bytes() const override { return halves_.size() * sizeof(uint16_t); }

 private:
  const WeightStorage storage_;
  const int64_t rows_;
  const int64_t columns_;
  std::vector<uint16_t> halves_;
};

}  // namespace ropewalk
