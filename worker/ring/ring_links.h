#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "worker/ring/broken_hop.h"
#include "worker/ring/cancellation.h"
#include "worker/ring/chunk.h"

namespace ropewalk {

class Transport;

// A rank's hops to and from others, as a collective uses them: patience, the hop's name in every
// error, and that all break when one does. One thread at a time sends and receives; BreakOff may
// be called by any.
class RingLinks {
 public:
  // transports[d - 1] leads to the rank d places on and hears the one d places back; cancellation
  // (may be null) breaks them off. `hop_timeout`: how long a hop may go without progress.
  RingLinks(int rank, int ranks, int64_t generation, absl::Duration hop_timeout,
            std::vector<std::unique_ptr<Transport>> transports, RingCancellation* cancellation);
  ~RingLinks();

  // Takes a chunk for the rank `distance` places on; does not block.
  void Send(int distance, Chunk chunk);

  // The next chunk with elements from the rank `distance` places back. Errors name their hop, and
  // are those of Ring::AllReduce.
  absl::StatusOr<Chunk> Receive(int distance);

  // Waits until `released`, which depends on what has been sent to the rank `distance` places on.
  absl::Status WaitUntilReleased(int distance, absl::FunctionRef<bool()> released);

  // `why` with the hop on which a chunk from so far came.
  absl::Status AboutHopFrom(int distance, const absl::Status& why) const;

  // Breaks all off, at once and for all ranks. Returns why they broke first.
  absl::Status BreakOff(const absl::Status& why);

  // Why they broke; OK if they have not.
  absl::Status failure() const;

  // How long all calls of Receive have waited so far, by distance - 1. For the thread that calls
  // it.
  const std::vector<absl::Duration>& waits() const { return waits_; }

  // Bytes of elements sent so far, without headers and framing.
  int64_t payload_bytes_sent() const { return payload_bytes_sent_; }

 private:
  BrokenHop HopFrom(int distance) const;
  BrokenHop HopTo(int distance) const;
  absl::StatusOr<Chunk> ReceivePatiently(int distance);
  void SendWaiting();

  const int rank_;
  const int ranks_;
  const int64_t generation_;
  const absl::Duration hop_timeout_;
  const std::vector<std::unique_ptr<Transport>> transports_;
  int64_t payload_bytes_sent_ = 0;
  std::vector<absl::Duration> waits_;
  mutable Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  const RingCancellation::Listener listener_;  // the last member: it calls BreakOff
};

}  // namespace ropewalk
