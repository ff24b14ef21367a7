#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "worker/ring/admission.h"
#include "worker/ring/broken_hop.h"
#include "worker/ring/cancellation.h"
#include "worker/ring/ring.h"
#include "worker/ring/transport.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace ropewalk {

class Inbox;
class OutgoingStream;
class RingJoins;
class RingPoller;

// A ring over gRPC: one stream to the successor over a connection of its own, and the predecessor's
// stream as it comes in at this process's RingEndpoint.
class GrpcTransport final : public Transport {
 public:
  // See Ring::Connect. REQUIRES: at least two ranks.
  static absl::StatusOr<std::unique_ptr<Transport>> Connect(const RingOptions& options,
                                                            RingJoins* joins, RingPoller* poller,
                                                            RingCancellation* cancellation);
  ~GrpcTransport() override;

  void Send(Chunk chunk) override;
  absl::StatusOr<Chunk> Receive(absl::Duration timeout) override;
  bool WaitUntilReleased(absl::FunctionRef<bool()> released, absl::Duration timeout) override;
  void BreakOff(const absl::Status& why) override;

 private:
  GrpcTransport(const RingOptions& options, RingJoins* joins, RingPoller* poller,
                std::shared_ptr<Inbox> inbox);

  absl::Status DialSuccessor(absl::Time deadline);
  absl::Status WaitUntilAccepted(OutgoingStream& stream, absl::Time deadline);
  absl::Status AwaitPredecessor(absl::Time deadline);
  std::shared_ptr<OutgoingStream> StartStream();
  std::shared_ptr<OutgoingStream> outgoing() const;

  const RingSeat seat_;
  const std::string successor_address_;
  const BrokenHop hop_in_;
  const BrokenHop hop_out_;
  const absl::Duration connect_timeout_;
  RingJoins* const joins_;
  RingPoller* const poller_;
  const std::shared_ptr<Inbox> inbox_;
  const std::shared_ptr<grpc::Channel> channel_;
  mutable Mutex mutex_;
  std::shared_ptr<OutgoingStream> outgoing_ ABSL_GUARDED_BY(mutex_);
  bool broken_off_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace ropewalk
