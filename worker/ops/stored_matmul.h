#pragma once

#include <cstdint>

#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// Products in float32 with a stored matrix W [out, in], for processors that have nothing faster. If
// W's numbers are not held as float32 numbers, they are read tile by tile just before they are
// multiplied: whatever the size of W, a thread holds 192 KiB of them. The same bits for any number
// of threads.

// y [rows, out] = x [rows, in] W^T, or += if `accumulate`.
void StoredForward(const StoredMatrix& w, int64_t rows, const float* x, float* y, bool accumulate);

// dx [rows, in] = dy [rows, out] W, or += if `accumulate`.
void StoredBackwardInput(const StoredMatrix& w, int64_t rows, const float* dy, float* dx,
                         bool accumulate);

}  // namespace ropewalk
