#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "worker/ring/chunk.h"
#include "worker/ring/transport.h"

namespace ropewalk {

// Sees every chunk that leaves `from_rank`, may change it, and says whether it arrives. Called by
// the threads of all ranks.
using ChunkFilter = std::function<bool(int from_rank, Chunk& chunk)>;

// A ring within one process: a transport for each rank, to be used by a thread each.
std::vector<std::unique_ptr<Transport>> ConnectLocally(int ranks, ChunkFilter filter = nullptr);

}  // namespace ropewalk
