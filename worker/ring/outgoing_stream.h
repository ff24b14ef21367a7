#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ropewalk/v1/ring_service.pb.h"
#include "services/common/mutex.h"
#include "worker/ring/broken_hop.h"
#include "worker/ring/ring_operation.h"
#include "worker/ring/ring_poller.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace ropewalk {

// The caller's side of an Exchange: the stream to the successor. It keeps itself alive until gRPC
// is done with it. Thread-safe.
class OutgoingStream final : public std::enable_shared_from_this<OutgoingStream> {
 public:
  // Begins a call, which waits until the channel has a connection, and sends `open`. `on_loss` is
  // called, by a thread that polls, with the hop's error if the call fails after it was accepted.
  static std::shared_ptr<OutgoingStream> Start(RingPoller* poller,
                                               std::shared_ptr<grpc::Channel> channel,
                                               const v1::RingOpen& open,
                                               std::function<void(const absl::Status&)> on_loss);

  // Waits until the callee has joined. DEADLINE_EXCEEDED without a message: it has not yet.
  // Otherwise why it will not, or CANCELLED after Leave.
  absl::Status WaitUntilAccepted(absl::Duration timeout);

  // Queues a frame. An error: the call has ended, and why.
  absl::Status Send(grpc::ByteBuffer frame);

  // Queues `farewell`, instead of what is queued if `at_once`, and ends the stream after it. The
  // first call counts.
  void Leave(const v1::RingFarewell& farewell, bool at_once);

  // Waits until the callee has ended the call, if it has accepted it; then gives it up.
  void Close(absl::Duration timeout);

  // Set by a refusal or the farewell of a callee that broke the ring off: the outcome is its own
  // word, not the network's.
  bool has_callees_word() const;

 private:
  OutgoingStream(RingPoller* poller, std::shared_ptr<grpc::Channel> channel, BrokenHop hop,
                 std::function<void(const absl::Status&)> on_loss);

  void OnStarted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);

  absl::Status LeftError() const;
  void WaitUntilEnded(absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status OutcomeOf(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RingPoller::Use use_;
  const std::shared_ptr<grpc::Channel> channel_;
  const BrokenHop hop_;
  const std::function<void(const absl::Status&)> on_loss_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  RingOperation<OutgoingStream> start_, read_, write_, finish_;
  grpc::ByteBuffer answer_;
  grpc::Status status_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<grpc::ByteBuffer> queue_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = true;      // nothing can be written now
  bool leaving_ ABSL_GUARDED_BY(mutex_) = false;  // the farewell is queued, or sent
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool unwritable_ ABSL_GUARDED_BY(mutex_) = false;  // nothing can be sent any more
  bool accepted_ ABSL_GUARDED_BY(mutex_) = false;
  bool callees_word_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> outcome_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
