#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/ring/chunk.h"
#include "worker/ring/chunk_pool.h"
#include "worker/ring/ring_buffer.h"
#include "worker/ring/ring_schedule.h"

namespace ropewalk {

// Tells one reduction of a job from all others.
struct ReductionId {
  int64_t generation = 0;
  int64_t step = 0;
  uint32_t attempt = 0;
};

// One rank's part in one all-reduce: chunks come in, chunks go out. Pure: whoever owns it moves the
// chunks.
//
// What goes out refers to a buffer only if that has an owner, which it then holds, and lends() says
// for how long. Otherwise what the buffer holds is copied into memory of the pool, where sums that
// go on are computed, too; complete chunks of others go on as they came.
class Reduction {
 public:
  // `pool` and the memory of `buffers` outlive the reduction.
  Reduction(ReductionId id, const RingSchedule& schedule, absl::Span<const RingBuffer> buffers,
            ChunkPool* pool);

  // All received and all sent.
  bool done() const { return received_ == schedule_.messages() && sent_ == schedule_.messages(); }

  // Whether something that was sent refers to the buffers still, so that they may not be changed.
  bool lends() const { return loans_->load(std::memory_order_acquire) > 0; }

  bool HasChunkToSend() const {
    return sent_ < schedule_.messages() && schedule_.MaySend(sent_, received_);
  }

  // REQUIRES: HasChunkToSend().
  Chunk NextToSend();

  // Takes in the next chunk from the predecessor.
  // ABORTED: it is of another generation, step or attempt. FAILED_PRECONDITION: the predecessor
  // reduces other buffers. DATA_LOSS: its payload does not match its CRC; the buffers' contents are
  // lost then.
  // INTERNAL: it is not the chunk that comes next.
  absl::Status Receive(const Chunk& chunk);

 private:
  ChunkHeader HeaderOf(const ScheduledChunk& chunk) const;
  uint8_t* Elements(const ScheduledChunk& chunk) const;
  bool MayLend(const ScheduledChunk& chunk) const;
  Payload Lend(const ScheduledChunk& chunk) const;
  Chunk Own(const ScheduledChunk& scheduled) const;
  absl::StatusOr<Chunk> Add(const ScheduledChunk& scheduled, const Chunk& theirs) const;
  absl::StatusOr<Chunk> Take(const ScheduledChunk& scheduled, const Chunk& theirs) const;

  const ReductionId id_;
  const RingSchedule schedule_;
  const std::vector<RingBuffer> buffers_;
  ChunkPool* const pool_;
  const uint32_t fingerprint_;
  const std::shared_ptr<std::atomic<int64_t>> loans_;  // payloads that are sent from where they lie
  int64_t sent_ = 0;
  int64_t received_ = 0;
  std::deque<Chunk> going_on_;  // received and to be sent, oldest first
};

}  // namespace ropewalk
