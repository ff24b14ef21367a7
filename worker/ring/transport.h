#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/ring/chunk.h"

namespace ropewalk {

// What a ring needs of the network: one hop out, one hop in. One thread sends and receives.
// Destruction leaves the ring in order, unless it is broken off: chunks sent before still arrive.
class Transport {
 public:
  virtual ~Transport() = default;

  // Takes a chunk for the successor; does not block. That it could not be sent is Receive's news.
  virtual void Send(Chunk chunk) = 0;

  // The next chunk from the predecessor, in the order in which it was sent.
  // DEADLINE_EXCEEDED without a BrokenHop: none came in time; any other error is the last one, and
  // names the hop that broke, here or elsewhere in the ring.
  virtual absl::StatusOr<Chunk> Receive(absl::Duration timeout) = 0;

  // Waits until `released`, which depends on what has been sent being on its way; false: it is not
  // within `timeout`.
  virtual bool WaitUntilReleased(absl::FunctionRef<bool()> released, absl::Duration timeout) = 0;

  // Receive says `why` from now on, and both neighbours are told `why`; the first call counts. From
  // any thread; does not block.
  virtual void BreakOff(const absl::Status& why) = 0;
};

}  // namespace ropewalk
