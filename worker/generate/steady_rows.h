#pragma once

#include <cstdint>

namespace ropewalk {

// Matrix products of fewer than 16 rows, or with such a rest, are summed in another order than
// others. Passes whose rows are a multiple of 16 give each row the same bits whatever the rest are.
inline constexpr int64_t kSteadyRows = 16;

constexpr int64_t SteadyRows(int64_t rows) {
  return (rows + kSteadyRows - 1) / kSteadyRows * kSteadyRows;
}

}  // namespace ropewalk
