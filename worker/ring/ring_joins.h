#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "services/common/mutex.h"
#include "worker/ring/admission.h"

namespace ropewalk {

class Inbox;
class IncomingStream;

// Brings together the ring, or the mesh, that this process has joined and the streams of those whom
// it hears, whichever come first. Thread-safe.
class RingJoins {
 public:
  // A stream that is heard: the rank that it comes from, and which of that rank's it is.
  using Source = std::pair<int, int>;
  using Inboxes = std::map<Source, std::shared_ptr<Inbox>>;

  // From now on the streams of that ring go to their inboxes, which they open. REQUIRES: `inboxes`
  // are those of seat.hears and seat.stripes.
  // FAILED_PRECONDITION: this process sits in a ring already; it must leave that one first.
  absl::Status Join(const RingSeat& seat, const Inboxes& inboxes);

  // Ends the stream that goes to `inbox`, telling it `why`; OK: in order. Who has left with all
  // inboxes has left the ring. Leaving again does nothing.
  void Leave(const Inbox* inbox, const absl::Status& why);

  // `stream` has said who it is: admits, keeps or refuses it.
  void Arrive(const std::shared_ptr<IncomingStream>& stream);

  // Forgets a stream that was kept. False: it was not.
  bool Forget(const IncomingStream* stream);

 private:
  struct Hop {
    std::shared_ptr<Inbox> inbox;
    std::shared_ptr<IncomingStream> stream;  // null until it comes
  };
  using Streams = std::vector<std::shared_ptr<IncomingStream>>;

  absl::StatusOr<Admission> AdmitLocked(const IncomingStream& stream) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Lose(const std::shared_ptr<IncomingStream>& stream);

  Mutex mutex_;
  std::optional<RingSeat> seat_ ABSL_GUARDED_BY(mutex_);
  std::optional<RingSeat> left_ ABSL_GUARDED_BY(mutex_);
  std::map<Source, Hop> hops_ ABSL_GUARDED_BY(mutex_);  // not left
  Streams kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
