#include "worker/ops/block_sinks.h"

#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Rows of whole tiles get loops of a fixed length. The row's next block, which comes next, is asked
// for meanwhile.
#define ROPEWALK_FOR_COLUMNS(columns, statement)     \
  __builtin_prefetch(y + kTile, 1);                  \
  if (columns == kTile) {                            \
    for (int64_t j = 0; j < kTile; ++j) statement;   \
  } else {                                           \
    for (int64_t j = 0; j < columns; ++j) statement; \
  }

ROPEWALK_SIMD void Store(int64_t rows, int64_t columns, const float* block, int64_t stride,
                         float* y) {
  for (int64_t i = 0; i < rows; ++i, block += kTile, y += stride) {
    ROPEWALK_FOR_COLUMNS(columns, y[j] = block[j])
  }
}
ROPEWALK_SIMD void Store(int64_t rows, int64_t columns, const float* block, int64_t stride,
                         Bfloat16* y) {
  for (int64_t i = 0; i < rows; ++i, block += kTile, y += stride) {
    ROPEWALK_FOR_COLUMNS(columns, y[j] = ToBfloat16(block[j]))
  }
}
ROPEWALK_SIMD void AddTo(int64_t rows, int64_t columns, const float* block, int64_t stride,
                         float* y) {
  for (int64_t i = 0; i < rows; ++i, block += kTile, y += stride) {
    ROPEWALK_FOR_COLUMNS(columns, y[j] += block[j])
  }
}
ROPEWALK_SIMD void AddTo(int64_t rows, int64_t columns, const float* block, int64_t stride,
                         Bfloat16* y) {
  for (int64_t i = 0; i < rows; ++i, block += kTile, y += stride) {
    ROPEWALK_FOR_COLUMNS(columns, y[j] = ToBfloat16(FromBfloat16(y[j]) + block[j]))
  }
}

#undef ROPEWALK_FOR_COLUMNS

}  // namespace

template <typename Y>
void BlockSink<Y>::operator()(const ProductBlock& block) const {
  Y* const to = y + block.row * stride + block.column;
  (accumulate ? AddTo(block.rows, block.columns, block.values, stride, to)
              : Store(block.rows, block.columns, block.values, stride, to));
}

template struct BlockSink<float>;
template struct BlockSink<Bfloat16>;

}  // namespace ropewalk
