#pragma once

#include <cstdint>

#include "worker/ops/few_rows_dots.h"

namespace ropewalk {

// Matrix products by blocks that have fewer than 16 rows, or such a rest, are summed in another
// order than others. Passes whose rows are a multiple of 16 give each row the same bits whatever
// the rest are; so do passes of fewer rows whose products are dots (few_rows_dots.h), and of tiles.
inline constexpr int64_t kSteadyRows = 16;
static_assert(kFewRowsOfDots < kSteadyRows);

constexpr int64_t SteadyRows(int64_t rows) {
  return (rows + kSteadyRows - 1) / kSteadyRows * kSteadyRows;
}

}  // namespace ropewalk
