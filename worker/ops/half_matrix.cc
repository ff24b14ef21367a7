#include "worker/ops/half_matrix.h"

#include <utility>

#include "worker/tensor/aligned_memory.h"
#include "worker/tensor/bfloat16.h"
#include "worker/tensor/float16.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

ROPEWALK_SIMD void RoundBfloat16(int64_t n, const float* x, uint16_t* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = ToBfloat16(x[i]);
}

ROPEWALK_SIMD void RoundFloat16(int64_t n, const float* x, uint16_t* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = ToFloat16(x[i]);
}

ROPEWALK_SIMD void WidenBfloat16(int64_t n, const uint16_t* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = FromBfloat16(x[i]);
}

ROPEWALK_SIMD void WidenFloat16(int64_t n, const uint16_t* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = FromFloat16(x[i]);
}

}  // namespace

HalfMatrix::HalfMatrix(WeightStorage storage, int64_t rows, int64_t columns, const float* w)
    : HalfMatrix(storage, rows, columns, nullptr,
                 std::shared_ptr<const void>(AllocateAligned<uint16_t>(rows * columns))) {
  own_ = static_cast<uint16_t*>(const_cast<void*>(owner_.get()));
  halves_ = own_;
  HalfMatrix::Replace(w);
}

bool HalfMatrix::Replace(const float* w) {
  if (own_ == nullptr) return false;
  const auto round = storage_ == WeightStorage::kBfloat16 ? RoundBfloat16 : RoundFloat16;
  ParallelForElements(rows_ * columns_, [&](int64_t begin, int64_t end) {
    round(end - begin, w + begin, own_ + begin);
  });
  return true;
}

HalfMatrix::HalfMatrix(WeightStorage storage, int64_t rows, int64_t columns, const uint16_t* halves,
                       std::shared_ptr<const void> owner)
    : storage_(storage),
      rows_(rows),
      columns_(columns),
      halves_(halves),
      owner_(std::move(owner)) {}

void HalfMatrix::Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
                      float* out) const {
  const auto widen = storage_ == WeightStorage::kBfloat16 ? WidenBfloat16 : WidenFloat16;
  for (int64_t i = 0; i < row_count; ++i) {
    widen(column_count, halves_ + (row + i) * columns_ + column, out + i * column_count);
  }
}

}  // namespace ropewalk
