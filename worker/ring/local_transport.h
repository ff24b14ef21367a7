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

// A ring within one process: a transport for each rank, to be used by a thread each, which leads
// `distance` places on.
std::vector<std::unique_ptr<Transport>> ConnectLocally(int ranks, ChunkFilter filter = nullptr,
                                                       int distance = 1);

// A mesh: for each rank, transports that lead 1 to ranks - 1 places on.
std::vector<std::vector<std::unique_ptr<Transport>>> ConnectMeshLocally(
    int ranks, const ChunkFilter& filter = nullptr);

}  // namespace ropewalk
