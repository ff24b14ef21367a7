#pragma once

#include <cstdint>

#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// The most rows of x that StoredForward gives to FewRowsDots.
inline constexpr int64_t kFewRowsOfDots = 15;

// y [rows, w.rows()] = x [rows, w.columns()] W^T, or += if `accumulate`, in float32, for few rows
// of x, as generation has it on processors without tiles: the time is that of reading W from
// memory, once and as it lies there. A row's bits depend neither on the rows beside it nor on the
// number of threads.
void FewRowsDots(const StoredMatrix& w, int64_t rows, const float* x, float* y, bool accumulate);

}  // namespace ropewalk
