#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/ring/ring_buffer.h"
#include "worker/ring/ring_schedule.h"

namespace ropewalk {

// Which elements a rank of a mesh, where each has a hop to each, sends and receives, in which
// order. Pure.
//
// A buffer is cut into one block a rank, and a block into chunks, as in a ring. Every rank sends
// each other rank that one's block, which it adds up, and then its own block's sum to all:
//
//   all-reduce in a mesh  2 (N-1)/N V/beta + 2 alpha
//
// with V bytes as they travel. So these are a ring's bytes, but each element is rounded once as a
// contribution and once as a sum, however many ranks there are, where a ring would round a partial
// sum at every hop.
//
// A lane is one chunk of every block. On every hop, messages come in the same order: the chunks of
// the first `window` lanes, then in turn the sums of the oldest lane and the chunks of the next.
// A lane's chunks may be sent once all of the lane a window before are there: then what is in
// flight is no more than a window, and no rank waits for one that waits for it.
class MeshSchedule {
 public:
  // REQUIRES: ranks >= 2.
  MeshSchedule(absl::Span<const RingBuffer> buffers, int ranks, Granularity granularity);

  // How many messages each rank sends on every hop.
  int64_t messages() const { return 2 * lanes(); }

  struct Message {
    bool is_sum;
    int64_t lane;
  };

  // The i-th message of every hop. REQUIRES: 0 <= i < messages().
  Message At(int64_t i) const;

  // Whether it may be sent once `lanes` lanes have been summed up.
  bool MaySend(const Message& message, int64_t lanes) const;

  // What a lane has of the block of rank `block`: empty where that block has fewer chunks.
  ScheduledChunk ChunkOf(int64_t lane, int block) const;

  // Equal on ranks with equal buffers, ranks and granularity; almost surely not on others.
  uint32_t Fingerprint() const;

 private:
  struct Lane {
    int buffer;
    int64_t number;
  };

  int64_t lanes() const { return static_cast<int64_t>(lanes_.size()); }

  const int ranks_;
  const Granularity granularity_;
  const std::vector<RingBuffer> buffers_;
  std::vector<Lane> lanes_;
  int64_t window_;  // lanes
};

}  // namespace ropewalk
