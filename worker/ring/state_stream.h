#pragma once

#include <grpcpp/support/server_callback.h>

#include <cstdint>

#include "ropewalk/v1/ring_service.pb.h"
#include "worker/ring/state_offers.h"

namespace ropewalk {

// The callee's side of a PullState: writes a state piece by piece, the next when the one before is
// on its way. Deletes itself when gRPC is done with it.
class StateStream final : public grpc::ServerWriteReactor<v1::PullStateResponse> {
 public:
  // OUT_OF_RANGE, to the caller: `offset` is not within the state.
  static StateStream* Serve(StateOffers::Offer offer, int64_t offset);

  // Answers with an error only.
  static StateStream* Refuse(const absl::Status& why);

 private:
  StateStream(StateOffers::Offer offer, int64_t offset)
      : offer_(std::move(offer)), offset_(offset) {}

  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

  void WriteNext();

  const StateOffers::Offer offer_;
  int64_t offset_;
  v1::PullStateResponse response_;
};

}  // namespace ropewalk
