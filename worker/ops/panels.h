#pragma once

#include <cstdint>

#include "worker/ops/tile_product.h"
#include "worker/tensor/bfloat16.h"

namespace ropewalk {

// Numbers as sums of bfloat16 numbers, one in each of several planes: 1 rounds a float32 number, 3
// hold all 24 bits of it (Henry, Tang & Heinecke, "Leveraging the bfloat16 artificial intelligence
// datatype for higher-precision computations", 2019). Bfloat16 numbers need one.
inline constexpr int kMaxPlanes = 3;

// A panel holds kTile columns of a product's right factor as TileTerm wants them, plane after
// plane. Panels of more columns lie one after another; what is missing of the last one is 0.
constexpr int64_t PanelSize(int64_t depth, int planes) {
  return planes * RoundUpToTile(depth) * kTile;
}

// Fills panels from columns that lie side by side: w is [depth, columns], rows `stride` apart.
void PackPanels(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                Bfloat16* panels);
void PackPanels(int64_t depth, int64_t columns, const float* w, int64_t stride, int planes,
                Bfloat16* panels);

// The same from columns that are rows of w [columns, depth].
void PackPanelsOfRows(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                      Bfloat16* panels);
void PackPanelsOfRows(int64_t depth, int64_t columns, const float* w, int64_t stride, int planes,
                      Bfloat16* panels);

// The first kTile / 2 columns of a panel, plane after plane as PackPanelsOfRows has them, from
// `columns` rows, at most as many; what is missing is 0, and the other columns stay as they are.
void PackHalfPanelOfRows(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                         Bfloat16* panel);
void PackHalfPanelOfRows(int64_t depth, int64_t columns, const float* w, int64_t stride, int planes,
                         Bfloat16* panel);

// Writes x [n] as planes, each `plane_stride` after the one before.
void SplitPlanes(int64_t n, const float* x, int planes, int64_t plane_stride, Bfloat16* out);

}  // namespace ropewalk
