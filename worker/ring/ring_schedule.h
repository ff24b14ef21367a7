#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "worker/ring/ring_buffer.h"

namespace ropewalk {

// Which elements a rank sends and receives, in which order. Pure.
//
// A buffer is cut into one block a rank, and a block into chunks, the unit that travels. In step t
// of an all-reduce, rank r sends block r-t and receives block r-t-1 (mod N). In the first N-1 steps
// (reduce-scatter) the receiver adds what it has to what it receives and passes the sum on, so that
// the last of them completes block r+1 on rank r; in the next N-1 (all-gather) complete blocks go
// round. A reduce-scatter or an all-gather alone is that half, with blocks renumbered so that rank
// r ends with, or begins with, block r.
//
// In a broadcast a buffer is one block, which complete chunks of go round from the root; the last
// rank answers each with an empty one, by which the root knows how far all have come.
//
// Two ranks with little to reduce have a shorter way, the direct exchange: in a single step each
// sends the other all it has and adds what it gets. The bytes are the same, but a sum waits for one
// hop instead of two; as a + b is b + a, both have the same bits. With much to reduce, that each
// adds everything costs more than the hop.
//
// No step waits for the one before: each chunk goes its way as it comes. Chunks are taken in groups
// of at most `window`; a group does all its steps before the next begins, so what waits to be
// passed on stays in cache. Message i may be sent once message i - (size of its group) has been
// received: then its data is there, and no more than a window is in flight.

// With V bytes in all buffers, links of beta bytes/s and alpha seconds a hop, they take at least
//   all-reduce      2 (N-1)/N V/beta + 2 (N-1) alpha    (exchanged directly: V/beta + alpha)
//   reduce-scatter    (N-1)/N V/beta +   (N-1) alpha
//   all-gather        (N-1)/N V/beta +   (N-1) alpha
//   broadcast                 V/beta +   (N-1) alpha + (N-2) chunk/beta
enum class CollectiveKind : uint8_t { kAllReduce, kReduceScatter, kAllGather, kBroadcast };

struct Collective {
  CollectiveKind kind = CollectiveKind::kAllReduce;
  int root = 0;  // of a broadcast
};

// Elements [begin, end) of a buffer.
struct ElementRange {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return end - begin; }
  bool operator==(const ElementRange&) const = default;
};

// Block `block` of `count` elements. The first `count` mod `ranks` blocks have one element more
// than the others; blocks are empty where there are fewer elements than ranks.
ElementRange BlockRange(int64_t count, int ranks, int block);

// Bytes of elements that `rank` sends. To reduce: everything twice, except the block that it
// completes and the one that it is the last to receive; 2(N-1)/N of all where N divides them. To
// scatter, everything but its own block; to gather, everything but its successor's. To broadcast,
// everything, or nothing by the last.
int64_t PayloadBytes(absl::Span<const RingBuffer> buffers, int ranks, int rank,
                     Collective collective = {});

// A chunk on its way.
struct ScheduledChunk {
  int step;        // of an all-reduce's 0 .. 2(N-1)-1; a broadcast has N-1 .. 2(N-1)
  int buffer;      // index in the buffers
  int block;       // 0 .. N-1; 0 if there is only one
  int64_t number;  // within the block
  ElementRange range;
};

// How finely the schedule cuts; equal on all ranks.
struct Granularity {
  int64_t chunk_bytes;  // a multiple of 4
  int window;           // chunks
};

// What keeps the pipeline full yet in cache: about four chunks a block within 64 KiB to 512 KiB,
// two of them in flight; but where a hop takes `latency`, as many as a link of 10 Gbit/s carries in
// twice the time there and back, of 16 MiB at most.
Granularity DefaultGranularity(absl::Span<const RingBuffer> buffers, int ranks,
                               absl::Duration latency = absl::ZeroDuration());

class RingSchedule {
 public:
  // REQUIRES: 0 <= rank < ranks.
  RingSchedule(absl::Span<const RingBuffer> buffers, int ranks, int rank, Granularity granularity,
               Collective collective = {});

  // How many messages every rank sends, and receives; 0 with one rank.
  int64_t messages() const { return static_cast<int64_t>(lanes_.size()) * steps_a_rank_; }

  // The i-th message sent, or received. REQUIRES: 0 <= i < messages().
  ScheduledChunk Sent(int64_t i) const;
  ScheduledChunk Received(int64_t i) const;

  // Whether the i-th message may be sent after `received` messages have been received.
  bool MaySend(int64_t i, int64_t received) const;

  // Whether an element of this rank's may be sent from where it lies: the result takes its place
  // only once the successor has received it. Not so in a direct exchange.
  bool MayLend() const { return last_step_ > 0; }

  // Whether what is sent in `step` is the sender's own; otherwise it received it in the step
  // before.
  bool IsOwn(int step) const { return step == first_step_; }

  // Whether a chunk received in `step` is added to, is complete, and goes on to the successor.
  bool IsAdded(int step) const { return step < ranks_ - 1; }
  bool IsComplete(int step) const { return step >= ranks_ - 2; }
  bool GoesOn(int step) const { return step < last_step_; }

  // Equal on ranks with equal buffers, ranks, granularity and collective; almost surely not on
  // others.
  uint32_t Fingerprint() const;

 private:
  // The way of one chunk of every block of a buffer.
  struct Lane {
    int buffer;
    int64_t number;
  };

  int64_t GroupSize(int64_t i) const;
  ScheduledChunk At(int64_t i, int distance) const;

  const Collective collective_;
  const int ranks_;
  const int rank_;
  const int blocks_;
  const int first_step_;
  const int last_step_;
  const int steps_a_rank_;  // that it sends in, and receives in
  const Granularity granularity_;
  std::vector<RingBuffer> buffers_;
  std::vector<Lane> lanes_;
};

}  // namespace ropewalk
