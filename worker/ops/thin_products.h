#pragma once

#include <cstdint>

#include "worker/ops/panel_product.h"

namespace ropewalk {

// Products of a matrix y [rows, columns] with matrices of few columns, as the gradients of low-rank
// adapters are made of: y is read once, a block at a time, and what is computed from a block is
// computed while the block is in the cache. On the calling thread alone; T is float or Bfloat16.

// The right factor B [columns, rank] of y B, as panels [rank / kTile][planes] of PanelSize(columns,
// 1); of a last one of up to kTile / 2 columns only these are read. y B times `factor` becomes
// `product`, which says rank, planes and how many rows y has.
struct ThinRight {
  const Bfloat16* panels = nullptr;
  float factor = 1;
  LowRankRows product;
};

// y B. y's rows are `y_stride` apart.
template <typename T>
void ThinProduct(int64_t columns, const T* y, int64_t y_stride, const ThinRight& right);

// sums [u.rank, columns], rows `sums_stride` apart, = u^T y, or += if `accumulate`; and y B, unless
// `right` is null. y has u.rows rows, and is taken as u.planes planes.
template <typename T>
void ThinProducts(const LowRankRows& u, int64_t columns, const T* y, int64_t y_stride,
                  const ThinRight* right, bool accumulate, float* sums, int64_t sums_stride);

}  // namespace ropewalk
