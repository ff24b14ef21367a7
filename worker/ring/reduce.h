#pragma once

#include <cstdint>

#include "worker/ring/payload.h"
#include "worker/ring/ring_buffer.h"

namespace ropewalk {

// What a chunk goes through on its way, in one pass over it with its CRC-32C, a part at a time that
// stays in the first cache.

struct ReducedCrcs {
  uint32_t theirs;
  uint32_t result;
};

// result[i] = mine[i] op theirs[i] for all elements of `theirs`, which may be cut and aligned in
// any way; `mine` and `result` are aligned, and the same or apart. Unless `complete` is null, it
// receives the result as well; it may be `mine`. REQUIRES: theirs.size() is a multiple of the
// element's size.
ReducedCrcs Reduce(ReduceOp op, const void* mine, const Payload& theirs, void* result,
                   void* complete);

// Copies, and returns the CRC of what was copied.
uint32_t CopyWithCrc(const void* from, int64_t size, void* to);
uint32_t CopyWithCrc(const Payload& from, void* to);

}  // namespace ropewalk
