#pragma once

#include <cstdint>
#include <memory>

#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// Float32 numbers as they are.
class PlainMatrix final : public StoredMatrix {
 public:
  // Copies w [rows, columns].
  PlainMatrix(int64_t rows, int64_t columns, const float* w);

  // Numbers that lie somewhere already, perhaps in a mapped file; `owner` keeps them there.
  PlainMatrix(int64_t rows, int64_t columns, const float* w, std::shared_ptr<const void> owner);

  void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
            float* out) const override;
  const float* AsFloat() const override { return values_; }
  WeightStorage storage() const override { return WeightStorage::kFloat32; }
  int64_t rows() const override { return rows_; }
  int64_t columns() const override { return columns_; }
  int64_t bytes() const override { return rows_ * columns_ * sizeof(float); }

 private:
  const int64_t rows_;
  const int64_t columns_;
  const float* values_;
  const std::shared_ptr<const void> owner_;
};

}  // namespace ropewalk
