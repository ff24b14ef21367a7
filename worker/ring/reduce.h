#pragma once

#include <cstdint>

#include "worker/ring/payload.h"
#include "worker/ring/ring_buffer.h"

namespace ropewalk {

// What a chunk goes through on its way, in one pass over it with its checks, a part at a time that
// stays in the first cache. Sizes are bytes, of whole elements.

// By which a chunk shows whether it is what it was.
struct ChunkChecks {
  uint32_t crc = 0;  // CRC-32C
  uint32_t sum = 0;  // of its elements modulo 2^32, if they are int32

  bool operator==(const ChunkChecks&) const = default;
};

struct ReducedChecks {
  ChunkChecks theirs;
  ChunkChecks result;  // its sum is taken of the result as it is computed, not as it is kept
};

// result[i] = mine[i] op theirs[i] for all elements of `theirs`, which may be cut and aligned in
// any way; `mine` and `result` are aligned, and the same or apart. Unless `complete` is null, it
// receives the result as well; it may be `mine`.
ReducedChecks Reduce(ReduceOp op, const void* mine, const Payload& theirs, void* result,
                     void* complete);

ChunkChecks ChecksOf(ReduceOp op, const void* elements, int64_t size);

// Copies, and returns the checks of what was copied; `to` is aligned.
ChunkChecks CopyWithChecks(ReduceOp op, const void* from, int64_t size, void* to);
ChunkChecks CopyWithChecks(ReduceOp op, const Payload& from, void* to);

}  // namespace ropewalk
