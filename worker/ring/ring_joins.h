#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "services/common/mutex.h"
#include "worker/ring/admission.h"

namespace ropewalk {

class Inbox;
class IncomingStream;

// Brings together the ring that this process has joined and the stream of its predecessor,
// whichever comes first. Thread-safe.
class RingJoins {
 public:
  // From now on the predecessor's stream of that ring goes to `inbox`, which it opens.
  // FAILED_PRECONDITION: this process sits in a ring already; it must leave that one first.
  absl::Status Join(const RingSeat& seat, std::shared_ptr<Inbox> inbox);

  // Ends the predecessor's stream, telling it `why`; OK: in order. `inbox` is the one that joined;
  // leaving again does nothing.
  void Leave(const Inbox* inbox, const absl::Status& why);

  // `stream` has said who it is: admits, keeps or refuses it.
  void Arrive(const std::shared_ptr<IncomingStream>& stream);

  // Forgets a stream that was kept. False: it was not.
  bool Forget(const IncomingStream* stream);

 private:
  using Streams = std::vector<std::shared_ptr<IncomingStream>>;

  absl::StatusOr<Admission> AdmitLocked(const IncomingStream& stream) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Lose(const std::shared_ptr<IncomingStream>& stream);

  Mutex mutex_;
  std::optional<RingSeat> seat_ ABSL_GUARDED_BY(mutex_);
  std::optional<RingSeat> left_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Inbox> inbox_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<IncomingStream> predecessor_ ABSL_GUARDED_BY(mutex_);
  Streams kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
