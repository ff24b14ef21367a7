#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "worker/ring/cancellation.h"
#include "worker/ring/ring_buffer.h"
#include "worker/ring/ring_links.h"
#include "worker/ring/ring_options.h"
#include "worker/ring/ring_schedule.h"

namespace ropewalk {

class ChunkPool;
class Reduction;
class RingEndpoint;
class Transport;

// Sums vectors over the members of one generation by ring all-reduce: reduce-scatter, then
// all-gather (Patarasuk and Yuan, 2009). Each rank sends 2(N-1)/N of the bytes, whatever N is.
// ring_schedule.h says what each collective costs.
//
// Every element's result is computed on one rank and copied to the others, or by two ranks alike,
// so all ranks end with the same bits. Integer results do not depend on the number of ranks;
// float32 ones do.
//
// One thread at a time may reduce; Cancel may be called by any. A ring that has failed stays
// failed: its members need a new generation. Destruction takes at most a second.
class Ring {
 public:
  // Joins `endpoint` to the ring, dials the successor until it answers, and waits for the
  // predecessor; with one rank it does nothing. `endpoint` and `cancellation` (may be null) outlive
  // the ring; cancelling it is Cancel below.
  // INVALID_ARGUMENT: rank or addresses make no ring. DEADLINE_EXCEEDED: a neighbour did not come
  // in time. ABORTED: a neighbour has gone on to another generation. FAILED_PRECONDITION: the
  // successor has another idea of the ring's order. CANCELLED: cancelled.
  static absl::StatusOr<std::unique_ptr<Ring>> Connect(const RingOptions& options,
                                                       RingEndpoint* endpoint,
                                                       RingCancellation* cancellation = nullptr);

  // Over a transport that is connected already; null with one rank.
  Ring(const RingOptions& options, std::unique_ptr<Transport> transport,
       RingCancellation* cancellation = nullptr);
  ~Ring();

  // Replaces every buffer by its reduction over all ranks. Blocks. All ranks call it in the same
  // order, with equal (step, attempt) and with buffers of equal counts and ops; each call of a ring
  // has another (step, attempt). At most 255 buffers, all plain (WireFormat).
  //
  // A rank that has all it needs returns OK, though another may fail in the same reduction. Nothing
  // refers to the buffers once it has returned, but to those with an owner after an error. After an
  // error their contents are unspecified, and every later call returns the same error.
  //
  // Errors name their hop (BrokenHopOf), as "hop 1 -> 2: no chunk for 10s":
  // UNAVAILABLE: a peer died or left. DEADLINE_EXCEEDED: a hop made no progress within hop_timeout.
  // DATA_LOSS: a chunk's CRC is wrong. ABORTED: a chunk is of another generation, step or attempt.
  // FAILED_PRECONDITION: ranks pass different buffers. CANCELLED: cancelled, here or elsewhere.
  absl::Status AllReduce(int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers);

  // The same for one half of it: leaves the reduction of block `rank` of every buffer (BlockRange)
  // in its place; the other blocks' contents are unspecified.
  absl::Status ReduceScatter(int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers);

  // And for the other: block r of every buffer becomes what it is on rank r.
  absl::Status AllGather(int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers);

  // Every buffer becomes what it is on rank `root`, which returns once all ranks have it.
  // INVALID_ARGUMENT: there is no such rank.
  absl::Status Broadcast(int64_t step, uint32_t attempt, int root,
                         absl::Span<const RingBuffer> buffers);

  // What a hop takes, measured here if `latency` is 0: then all ranks call it, as the first.
  absl::Status MeasureLatency();

  // Breaks the ring off, at once and for all ranks; `reason` completes "cancelled: ...".
  void Cancel(absl::string_view reason);

  // How long all calls have waited for the predecessor so far; empty with one rank.
  const std::vector<absl::Duration>& waits() const { return links_.waits(); }

  // Bytes of elements that all calls have sent so far, without headers and framing.
  int64_t payload_bytes_sent() const { return links_.payload_bytes_sent(); }

 private:
  absl::Status Run(Collective collective, int64_t step, uint32_t attempt,
                   absl::Span<const RingBuffer> buffers);
  absl::Status Exchange(Reduction* reduction);

  RingOptions options_;
  const int ranks_;
  RingLinks links_;
  const std::unique_ptr<ChunkPool> pool_;
};

}  // namespace ropewalk
