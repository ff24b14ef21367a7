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

  // Numbers that lie in a mapped file, which `owner` keeps mapped.
  PlainMatrix(int64_t rows, int64_t columns, const float* w, std::shared_ptr<const void> owner);

  void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
            float* out) const override;
  bool Replace(const float* w) override;
  const float* AsFloat() const override { return values_; }
  WeightStorage storage() const override { return WeightStorage::kFloat32; }
  int64_t rows() const override { return rows_; }
  int64_t columns() const override { return columns_; }
  int64_t bytes() const override { return rows_ * columns_ * sizeof(float); }
  bool mapped() const override { return own_ == nullptr; }

 private:
  const int64_t rows_;
  const int64_t columns_;
  const float* values_;
  const std::shared_ptr<const void> owner_;
  float* own_ = nullptr;  // values_, unless they are mapped
};

}  // namespace ropewalk
