#include "worker/ops/stored_matrix.h"

#include "worker/ops/half_matrix.h"
#include "worker/ops/int8_matrix.h"
#include "worker/ops/nf4_matrix.h"
#include "worker/ops/plain_matrix.h"

namespace ropewalk {

std::unique_ptr<const StoredMatrix> StoreMatrix(WeightStorage storage, int64_t rows,
                                                int64_t columns, const float* w) {
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
