#pragma once

#include <cstdint>

#include "worker/ops/linear_weight.h"
#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// Products with a stored matrix W [out, in], whose numbers are read tile by tile just before they
// are multiplied: whatever the size of W, a thread holds 256 KiB of them. With kBfloat16 the
// factors are rounded to bfloat16; sums are in float32. The same bits for any number of threads.

// y [rows, out] = x [rows, in] W^T.
void StoredForward(const StoredMatrix& w, MatMulPrecision precision, int64_t rows, const float* x,
                   float* y);

// dx [rows, in] = dy [rows, out] W, or += if `accumulate`.
void StoredBackwardInput(const StoredMatrix& w, MatMulPrecision precision, int64_t rows,
                         const float* dy, float* dx, bool accumulate);

}  // namespace ropewalk
