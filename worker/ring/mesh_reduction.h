#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/ring/chunk.h"
#include "worker/ring/chunk_pool.h"
#include "worker/ring/mesh_schedule.h"
#include "worker/ring/reduction.h"
#include "worker/ring/ring_buffer.h"

namespace ropewalk {

// One rank's part in one all-reduce over a mesh: messages come in, one from every other rank at a
// time, and go out, one to every other rank. Pure: whoever owns it moves them. Nothing that goes
// out refers to a buffer.
class MeshReduction {
 public:
  // `pool` and the memory of `buffers` outlive the reduction.
  MeshReduction(ReductionId id, int ranks, int rank, absl::Span<const RingBuffer> buffers,
                Granularity granularity, ChunkPool* pool);

  // All received and all sent.
  bool done() const { return received_ == schedule_.messages() && sent_ == schedule_.messages(); }

  bool HasMessageToSend() const {
    return sent_ < schedule_.messages() && schedule_.MaySend(schedule_.At(sent_), summed_);
  }

  // [d - 1] is for the rank d places on. REQUIRES: HasMessageToSend().
  std::vector<Chunk> NextToSend();

  // Takes in the next message from the rank `distance` places back. REQUIRES: called for all
  // distances, from 1, before any one has its next turn; not done(). Errors are CheckChunk's.
  absl::Status Receive(int distance, const Chunk& chunk);

 private:
  int Place(int distance) const { return (rank_ + distance + ranks_) % ranks_; }
  ChunkHeader HeaderOf(const ScheduledChunk& chunk, bool is_sum) const;
  uint8_t* Elements(const ScheduledChunk& chunk) const;
  Chunk Encode(const ScheduledChunk& chunk, bool is_sum) const;
  uint32_t EncodeRounded(const ScheduledChunk& chunk, bool is_sum, uint8_t* wire) const;
  uint32_t Add(const ScheduledChunk& chunk, const Payload& theirs);
  uint32_t Take(const ScheduledChunk& chunk, const Payload& theirs);

  const ReductionId id_;
  const int ranks_;
  const int rank_;
  const MeshSchedule schedule_;
  const std::vector<RingBuffer> buffers_;
  ChunkPool* const pool_;
  const uint32_t fingerprint_;
  int64_t sent_ = 0;
  int64_t received_ = 0;  // from all
  int64_t summed_ = 0;    // lanes
};

}  // namespace ropewalk
