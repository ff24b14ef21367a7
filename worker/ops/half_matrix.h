#pragma once

#include <cstdint>
#include <memory>

#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// 16 bits an element: kBfloat16 or kFloat16, rounded to nearest even.
class HalfMatrix final : public StoredMatrix {
 public:
  // REQUIRES: such a storage. w: [rows, columns].
  HalfMatrix(WeightStorage storage, int64_t rows, int64_t columns, const float* w);

  // Numbers [rows, columns] that lie in a mapped file, which `owner` keeps mapped.
  HalfMatrix(WeightStorage storage, int64_t rows, int64_t columns, const uint16_t* halves,
             std::shared_ptr<const void> owner);

  void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
            float* out) const override;
  bool Replace(const float* w) override;
  const Bfloat16* AsBfloat16() const override {
    return storage_ == WeightStorage::kBfloat16 ? halves_ : nullptr;
  }
  WeightStorage storage() const override { return storage_; }
  int64_t rows() const override { return rows_; }
  int64_t columns() const override { return columns_; }
  int64_t bytes() const override { return rows_ * columns_ * sizeof(uint16_t); }
  bool mapped() const override { return own_ == nullptr; }

 private:
  const WeightStorage storage_;
  const int64_t rows_;
  const int64_t columns_;
  const uint16_t* halves_;
  const std::shared_ptr<const void> owner_;
  uint16_t* own_ = nullptr;  // halves_, unless they are mapped
};

}  // namespace ropewalk
