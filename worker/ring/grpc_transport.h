#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/common/mutex.h"
#include "worker/ring/broken_hop.h"
#include "worker/ring/cancellation.h"
#include "worker/ring/ring_options.h"
#include "worker/ring/transport.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace ropewalk {

class Inbox;
class OutgoingStream;
class RingJoins;
class RingPoller;

// One rank's hops over gRPC to the rank some places on, its successor, and from the one as many
// back, its predecessor: a stream over a connection of its own, and a stream that comes in at this
// process's RingEndpoint. Each is one of its hop's stripes.
class GrpcTransport final : public Transport {
 public:
  // Takes part in a ring, where the only distance is 1, or in a mesh, with all of them. See
  // Ring::Connect. In the order of `distances`, which are between 0 and the number of ranks.
  static absl::StatusOr<std::vector<std::unique_ptr<Transport>>> Connect(
      const RingOptions& options, const std::vector<int>& distances, RingJoins* joins,
      RingPoller* poller, RingCancellation* cancellation);
  ~GrpcTransport() override;

  void Send(Chunk chunk) override;
  absl::StatusOr<Chunk> Receive(absl::Duration timeout) override;
  bool WaitUntilReleased(absl::FunctionRef<bool()> released, absl::Duration timeout) override;
  void BreakOff(const absl::Status& why) override;

 private:
  GrpcTransport(const RingOptions& options, int distance, int stripe, RingJoins* joins,
                RingPoller* poller, std::shared_ptr<Inbox> inbox);

  static std::vector<std::unique_ptr<Transport>> Striped(
      std::vector<std::unique_ptr<GrpcTransport>> links, int stripes);
  static absl::Status MeetAll(absl::Span<const std::unique_ptr<GrpcTransport>> links,
                              absl::Time deadline, RingCancellation* cancellation);
  absl::Status Meet(absl::Time deadline);
  absl::Status DialSuccessor(absl::Time deadline);
  absl::Status WaitUntilAccepted(OutgoingStream& stream, absl::Time deadline);
  absl::Status AwaitPredecessor(absl::Time deadline);
  std::shared_ptr<OutgoingStream> StartStream();
  std::shared_ptr<OutgoingStream> outgoing() const;

  const RingOptions options_;
  const BrokenHop hop_in_;
  const BrokenHop hop_out_;
  const int stripe_;
  const std::string successor_address_;
  RingJoins* const joins_;
  RingPoller* const poller_;
  const std::shared_ptr<Inbox> inbox_;
  const std::shared_ptr<grpc::Channel> channel_;
  mutable Mutex mutex_;
  std::shared_ptr<OutgoingStream> outgoing_ ABSL_GUARDED_BY(mutex_);
  bool broken_off_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ropewalk
