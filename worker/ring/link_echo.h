#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <memory>
#include <string>

#include "worker/ring/async_ring_service.h"
#include "worker/ring/ring_operation.h"
#include "worker/ring/ring_poller.h"

namespace ropewalk {

// The callee's side of a MeasureLink: reads a message, answers it, reads the next. It keeps itself
// alive until gRPC is done with it; only events touch it.
class LinkEcho final : public std::enable_shared_from_this<LinkEcho> {
 public:
  // Serves every call that comes, until the server is shut down; says that `incarnation` answers.
  // Both outlive the streams.
  static void AcceptAll(AsyncRingService* service, RingPoller* poller,
                        const std::string& incarnation);

 private:
  LinkEcho(AsyncRingService* service, RingPoller* poller, const std::string& incarnation);

  void OnAccepted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool) {}

  AsyncRingService* const service_;
  RingPoller* const poller_;
  const RingPoller::Use use_;
  grpc::ServerContext context_;
  v1::MeasureLinkRequest request_;
  v1::MeasureLinkResponse response_;
  grpc::ServerAsyncReaderWriter<v1::MeasureLinkResponse, v1::MeasureLinkRequest> stream_;
  RingOperation<LinkEcho> accept_, read_, write_, finish_;
};

}  // namespace ropewalk
