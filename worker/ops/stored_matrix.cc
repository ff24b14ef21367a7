#include "worker/ops/stored_matrix.h"

#include "worker/ops/half_matrix.h"
#include "worker/ops/int8_matrix.h"
#include "worker/ops/nf4_matrix.h"
#include "worker/ops/plain_matrix.h"
#include "worker/ops/scratch.h"

namespace ropewalk {

const float* ReadPart(const StoredMatrix& w, int64_t row, int64_t row_count, int64_t column,
                      int64_t column_count) {
  static thread_local Scratch<float> scratch;
  float* const part = scratch.Get(row_count * column_count);
  w.Read(row, row_count, column, column_count, part);
  return part;
}

std::unique_ptr<StoredMatrix> StoreMatrix(WeightStorage storage, int64_t rows, int64_t columns,
                                          const float* w) {
  switch (storage) {
    case WeightStorage::kFloat32:
      return std::make_unique<PlainMatrix>(rows, columns, w);
    case WeightStorage::kBfloat16:
    case WeightStorage::kFloat16:
      return std::make_unique<HalfMatrix>(storage, rows, columns, w);
    case WeightStorage::kInt8:
      return std::make_unique<Int8Matrix>(rows, columns, w);
    case WeightStorage::kNf4:
    case WeightStorage::kNf4Double:
      return std::make_unique<Nf4Matrix>(storage, rows, columns, w);
  }
  return nullptr;
}

}  // namespace ropewalk
