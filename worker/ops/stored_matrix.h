#pragma once

#include <cstdint>
#include <memory>

#include "worker/ops/weight_storage.h"

namespace ropewalk {

// A frozen matrix [rows, columns] that is held in fewer bits than it is computed with. Const calls
// may run at the same time.
class StoredMatrix {
 public:
  virtual ~StoredMatrix() = default;

  // Writes `row_count` x `column_count` elements, from (row, column) on, to `out`, row-major
  // without gaps. On the calling thread; allocates nothing.
  virtual void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
                    float* out) const = 0;

  virtual WeightStorage storage() const = 0;
  virtual int64_t rows() const = 0;
  virtual int64_t columns() const = 0;

  // Of memory.
  virtual int64_t bytes() const = 0;
};

// Holds w [rows, columns] as `storage`, which is not kFloat32. w must be finite, and for kFloat16
// and kInt8 within kMaxFloat16.
std::unique_ptr<const StoredMatrix> StoreMatrix(WeightStorage storage, int64_t rows,
                                                int64_t columns, const float* w);

}  // namespace ropewalk
