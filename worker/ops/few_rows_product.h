#pragma once

#include <cstdint>

#include "worker/ops/panel_product.h"
#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// The most rows of FewRowsProduct's x.
inline constexpr int64_t kFewRows = kTile / 2;

// x W^T for few rows of x, as generation has it, where the time is that of reading W from memory.
// Rows of W are the left factor of tiles as they lie there, in bfloat16, or as they are made a
// strip at a time from what else they are held in, and x is packed; so no panels of W are made.
// W's numbers are taken as `w_planes` planes, as PlanesOf has them. The same bits as PanelProduct
// gives, for any number of threads. REQUIRES: rows <= kFewRows.
template <typename E>
void FewRowsProduct(int64_t rows, const LeftFactor<E>& x, const StoredMatrix& w, int w_planes,
                    TakeBlock take, const LowRankTerm& low_rank = {});

}  // namespace ropewalk
