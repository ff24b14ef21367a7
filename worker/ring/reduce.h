#pragma once

#include <cstdint>

#include "worker/ring/payload.h"
#include "worker/ring/ring_buffer.h"

namespace ropewalk {

// result[i] = mine[i] op theirs[i] for all elements of `theirs`, which may be cut and aligned in
// any way; the others are aligned and do not overlap. REQUIRES: theirs.size() is a multiple of the
// element's size.
void Reduce(ReduceOp op, const void* mine, const Payload& theirs, void* result);

}  // namespace ropewalk
