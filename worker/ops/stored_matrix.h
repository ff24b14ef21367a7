#pragma once

#include <cstdint>
#include <memory>

#include "worker/ops/weight_storage.h"
#include "worker/tensor/bfloat16.h"

namespace ropewalk {

// A matrix [rows, columns] as it is held in memory, perhaps in fewer bits than it is computed with.
// Const calls may run at the same time.
class StoredMatrix {
 public:
  virtual ~StoredMatrix() = default;

  // Writes `row_count` x `column_count` elements, from (row, column) on, to `out`, row-major
  // without gaps. On the calling thread; allocates nothing.
  virtual void Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
                    float* out) const = 0;

  // The elements [rows, columns], row-major without gaps, if they are held as such numbers;
  // otherwise null.
  virtual const Bfloat16* AsBfloat16() const { return nullptr; }
  virtual const float* AsFloat() const { return nullptr; }

  virtual WeightStorage storage() const = 0;
  virtual int64_t rows() const = 0;
  virtual int64_t columns() const = 0;

  // Holds w, row-major, from now on, without allocating. False: it cannot, because it is quantised
  // or mapped. No other call may run at the same time.
  virtual bool Replace(const float* w) { return false; }

  // Of memory.
  virtual int64_t bytes() const = 0;

  // Whether that is a part of a mapped file, which the system may drop and read again.
  virtual bool mapped() const { return false; }
};

// A part of w as float32 numbers, without gaps, good until this thread's next call.
const float* ReadPart(const StoredMatrix& w, int64_t row, int64_t row_count, int64_t column,
                      int64_t column_count);

// Holds w [rows, columns] as `storage`. w must be finite unless that is kFloat32, and for kFloat16
// and kInt8 within kMaxFloat16.
std::unique_ptr<StoredMatrix> StoreMatrix(WeightStorage storage, int64_t rows, int64_t columns,
                                          const float* w);

}  // namespace ropewalk
