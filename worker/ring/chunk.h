#pragma once

#include "worker/ring/chunk_header.h"
#include "worker/ring/payload.h"

namespace ropewalk {

// A message between neighbours.
struct Chunk {
  ChunkHeader header;
  Payload payload;  // header.length bytes
};

}  // namespace ropewalk
