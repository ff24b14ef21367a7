#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "worker/ring/async_ring_service.h"
#include "worker/ring/broken_hop.h"
#include "worker/ring/chunk.h"
#include "worker/ring/ring_operation.h"
#include "worker/ring/ring_poller.h"

namespace ropewalk {

class Inbox;
class RingJoins;

// The callee's side of an Exchange: a predecessor's stream from its first frame to its end. It
// keeps itself alive until gRPC is done with it. Thread-safe.
class IncomingStream final : public std::enable_shared_from_this<IncomingStream> {
 public:
  // Takes in every stream that comes, until the server is shut down: reads who it is and reports to
  // `joins`. One that nobody wants within `join_timeout` ends with DEADLINE_EXCEEDED. All outlive
  // the streams.
  static void AcceptAll(AsyncRingService* service, RingPoller* poller, RingJoins* joins,
                        absl::Duration join_timeout);

  // The first frame. Valid once the stream has arrived at `joins`.
  const v1::RingOpen& open() const { return open_; }

  // Answers that the ring is joined, opens `inbox`, and moves all chunks there. False: the stream
  // has ended meanwhile.
  bool Feed(std::shared_ptr<Inbox> inbox);

  // Ends the call with `why`; OK: in order.
  void Leave(const absl::Status& why);

 private:
  IncomingStream(AsyncRingService* service, RingPoller* poller, RingJoins* joins,
                 absl::Duration join_timeout);

  void OnAccepted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnJoinTimeout(bool expired);
  void OnCallOver(bool ok);
  void OnFinished(bool) {}

  void Introduce(const v1::RingFrame& frame);
  absl::Status NotJoined() const;
  void TakeFrame();
  void TakeChunk(Chunk chunk);
  void TakeFarewell(const v1::RingFarewell& farewell);
  void Read();
  void Break(absl::StatusCode code, absl::string_view message);
  void BreakLost();
  void EndInbox(const absl::Status& why);
  std::shared_ptr<Inbox> inbox() const;
  BrokenHop hop() const { return {open_.from_rank(), open_.to_rank()}; }

  AsyncRingService* const service_;
  RingPoller* const poller_;
  const RingPoller::Use use_;
  RingJoins* const joins_;
  const absl::Duration join_timeout_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  RingOperation<IncomingStream> accept_, read_, write_, join_, call_, finish_;
  grpc::Alarm join_alarm_;
  grpc::ByteBuffer frame_;   // being read
  grpc::ByteBuffer answer_;  // being written
  bool introduced_ = false;
  v1::RingOpen open_;

  mutable Mutex mutex_;
  std::shared_ptr<Inbox> inbox_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> last_word_ ABSL_GUARDED_BY(mutex_);  // once nothing is being written
};

}  // namespace ropewalk
