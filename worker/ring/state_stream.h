#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <cstdint>
#include <memory>

#include "worker/ring/async_ring_service.h"
#include "worker/ring/ring_operation.h"
#include "worker/ring/ring_poller.h"
#include "worker/ring/state_offers.h"

namespace ropewalk {

// The callee's side of a PullState: writes a state piece by piece, the next when the one before is
// on its way. It keeps itself alive until gRPC is done with it; only events touch it.
class StateStream final : public std::enable_shared_from_this<StateStream> {
 public:
  // Serves every call that comes, until the server is shut down. All outlive the streams.
  // OUT_OF_RANGE, to the caller: the offset is not within the state. Otherwise as
  // StateOffers::Find.
  static void AcceptAll(AsyncRingService* service, RingPoller* poller, const StateOffers* offers);

 private:
  StateStream(AsyncRingService* service, RingPoller* poller, const StateOffers* offers);

  void OnAccepted(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool) {}

  absl::Status FindOffer();
  void WriteNext();
  void Finish(const grpc::Status& status) { stream_.Finish(status, finish_.Start()); }

  AsyncRingService* const service_;
  RingPoller* const poller_;
  const RingPoller::Use use_;
  const StateOffers* const offers_;
  grpc::ServerContext context_;
  v1::PullStateRequest request_;
  grpc::ServerAsyncWriter<v1::PullStateResponse> stream_;
  RingOperation<StateStream> accept_, write_, finish_;
  StateOffers::Offer offer_;
  int64_t offset_ = 0;
  v1::PullStateResponse response_;
};

}  // namespace ropewalk
