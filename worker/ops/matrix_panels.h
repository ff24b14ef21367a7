#pragma once

#include <cstdint>

#include "worker/ops/panels.h"
#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// Planes that hold every bit of w's numbers, or 1 if they are to be rounded to bfloat16.
int PlanesOf(const StoredMatrix& w, bool rounds);

// Fills panels of that many planes with columns [column, column + columns) of a product's right
// factor, terms [first, first + count): with PackOutputs of W^T, whose columns are rows of w; with
// PackInputs of W.
void PackOutputs(const StoredMatrix& w, int planes, int64_t column, int64_t columns, int64_t first,
                 int64_t count, Bfloat16* panels);
void PackInputs(const StoredMatrix& w, int planes, int64_t column, int64_t columns, int64_t first,
                int64_t count, Bfloat16* panels);

// Their PrefetchColumns; of matrices that are not held as bfloat16 nothing is asked for.
void PrefetchOutputs(const StoredMatrix& w, int64_t column, int64_t columns, int64_t first,
                     int64_t count, int64_t part, int64_t parts);
void PrefetchInputs(const StoredMatrix& w, int64_t column, int64_t columns, int64_t first,
                    int64_t count, int64_t part, int64_t parts);

}  // namespace ropewalk
