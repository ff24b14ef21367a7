#include "worker/ops/tile_product.h"

#include <cstdlib>
#include <cstring>

#include "worker/ops/lanes.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// `kColumns` of one row of c.
template <int64_t kColumns>
ROPEWALK_INLINE void MultiplyColumns(int64_t depth, const Bfloat16* a, const Bfloat16* panel,
                                     float* c) {
  float sums[kColumns];
  for (int64_t j = 0; j < kColumns; ++j) sums[j] = c[j];
  for (int64_t k = 0; k < depth; k += 2, panel += 2 * kTile) {
    const float even = FromBfloat16(a[k]), odd = FromBfloat16(a[k + 1]);
    for (int64_t j = 0; j < kColumns; ++j) {
      uint32_t pair;
      std::memcpy(&pair, panel + 2 * j, sizeof(pair));
      sums[j] += even * std::bit_cast<float>(pair << 16);
      sums[j] += odd * std::bit_cast<float>(pair & 0xffff0000u);
    }
  }
  for (int64_t j = 0; j < kColumns; ++j) c[j] = sums[j];
}

ROPEWALK_SIMD void MultiplyRow(int64_t depth, const Bfloat16* a, const Bfloat16* panel, float* c) {
  MultiplyColumns<kTile>(depth, a, panel, c);
}
ROPEWALK_SIMD void MultiplyHalfRow(int64_t depth, const Bfloat16* a, const Bfloat16* panel,
                                   float* c) {
  MultiplyColumns<kTile / 2>(depth, a, panel, c);
}

template <typename MultiplyRow>
void MultiplyRows(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
                  int64_t c_stride, MultiplyRow multiply_row) {
  for (int64_t i = 0; i < rows; ++i, c += c_stride) {
    if (!accumulate) std::memset(c, 0, kTile * sizeof(float));
    for (const TileTerm& term : terms) {
      multiply_row(term.depth, term.a + i * term.a_stride, term.b_panel, c);
    }
  }
}

void Multiply(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
              int64_t c_stride) {
  MultiplyRows(terms, rows, accumulate, c, c_stride, MultiplyRow);
}

void MultiplyHalf(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
                  int64_t c_stride) {
  MultiplyRows(terms, rows, accumulate, c, c_stride, MultiplyHalfRow);
}

bool Always() { return true; }
void Nothing() {}

const TileKernel& Choose() {
  const char* const wanted = std::getenv("ROPEWALK_TILES");
  const TileKernel* const kernels[] = {&kAmxTileKernel, &kAvx512TileKernel, &kPlainTileKernel};
  for (const TileKernel* kernel : kernels) {
    if (wanted != nullptr && std::strcmp(wanted, kernel->name) != 0) continue;
    if (kernel->is_supported()) return *kernel;
  }
  return wanted != nullptr && kAvx512TileKernel.is_supported() ? kAvx512TileKernel
                                                               : kPlainTileKernel;
}

}  // namespace

const TileKernel kPlainTileKernel = {"plain", Always, 2, Nothing, Nothing, Multiply, MultiplyHalf};

const TileKernel& BestTileKernel() {
  static const TileKernel& best = Choose();
  return best;
}

}  // namespace ropewalk
