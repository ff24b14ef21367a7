#pragma once

#include "absl/status/status.h"
#include "worker/ring/chunk.h"

namespace ropewalk {

// Whether a chunk is the one that comes next, whose header but for its checks is `expected`.
// ABORTED: it is of another generation, step or attempt. FAILED_PRECONDITION: the sender reduces
// other buffers. DATA_LOSS: its payload is not as long as its header says. INTERNAL: it is another
// chunk.
absl::Status CheckChunk(const Chunk& chunk, const ChunkHeader& expected);

// DATA_LOSS: it does not match its CRC; its elements are not what went into their sum.
absl::Status CorruptChunkError(const ChunkHeader& header);
absl::Status WrongSumError(const ChunkHeader& header);

}  // namespace ropewalk
