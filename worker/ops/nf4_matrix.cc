#include "worker/ops/nf4_matrix.h"

#include <algorithm>
#include <utility>

#include "worker/ops/nf4.h"

namespace ropewalk {
namespace {

// Scales that are read at a time.
constexpr int64_t kScales = 64;

Nf4Scales QuantizeInto(WeightStorage storage, int64_t n, const float* w, uint8_t* codes) {
  std::vector<float> absmax(Nf4Blocks(n));
  QuantizeNf4(n, w, codes, absmax.data());
  if (storage == WeightStorage::kNf4Double) return Nf4Scales(Nf4Scales::Quantize(absmax));
  return Nf4Scales(std::move(absmax));
}

}  // namespace

Nf4Matrix::Nf4Matrix(WeightStorage storage, int64_t rows, int64_t columns, const float* w)
    : rows_(rows),
      columns_(columns),
      codes_(Nf4Bytes(rows * columns)),
      scales_(QuantizeInto(storage, rows * columns, w, codes_.data())) {}

Nf4Matrix::Nf4Matrix(int64_t rows, int64_t columns, std::vector<uint8_t> codes, Nf4Scales scales)
    : rows_(rows), columns_(columns), codes_(std::move(codes)), scales_(std::move(scales)) {}

void Nf4Matrix::Read(int64_t row, int64_t row_count, int64_t column, int64_t column_count,
                     float* out) const {
  for (int64_t i = 0; i < row_count; ++i) {
    ReadStretch((row + i) * columns_ + column, column_count, out + i * column_count);
  }
}

void Nf4Matrix::ReadStretch(int64_t first, int64_t n, float* out) const {
  float scales[kScales];
  const int64_t end = first + n;
  while (first < end) {
    const int64_t block = first / kNf4Block, begin = block * kNf4Block;
    const int64_t count = std::min(end - first, begin + kScales * kNf4Block - first);
    scales_.Read(block, Nf4Blocks(first + count) - block, scales);
    DequantizeNf4(first - begin, count, codes_.data() + begin / 2, scales, out);
    first += count;
    out += count;
  }
}

}  // namespace ropewalk
