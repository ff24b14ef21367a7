#include "worker/ring/ring_endpoint.h"

#include <utility>

#include "ropewalk/v1/ring_service.grpc.pb.h"
#include "worker/ring/incoming_stream.h"
#include "worker/ring/ring_joins.h"
#include "worker/ring/state_offers.h"
#include "worker/ring/state_stream.h"

namespace ropewalk {

using RingServiceBase = v1::RingService::WithRawCallbackMethod_Exchange<
    v1::RingService::WithCallbackMethod_PullState<v1::RingService::Service>>;

class RingEndpoint::Service final : public RingServiceBase {
 public:
  Service(absl::Duration join_timeout, RingJoins* joins, const StateOffers* offers)
      : join_timeout_(join_timeout), joins_(joins), offers_(offers) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Exchange(
      grpc::CallbackServerContext*) override {
    return IncomingStream::Accept(joins_, join_timeout_);
  }

  grpc::ServerWriteReactor<v1::PullStateResponse>* PullState(
      grpc::CallbackServerContext*, const v1::PullStateRequest* request) override {
    absl::StatusOr<StateOffers::Offer> offer = offers_->Find(request->job(), request->step());
    if (!offer.ok()) return StateStream::Refuse(offer.status());
    return StateStream::Serve(*std::move(offer), request->offset());
  }

 private:
  const absl::Duration join_timeout_;
  RingJoins* const joins_;
  const StateOffers* const offers_;
};

RingEndpoint::RingEndpoint(absl::Duration join_timeout)
    : offers_(std::make_unique<StateOffers>()),
      joins_(std::make_unique<RingJoins>()),
      service_(std::make_unique<Service>(join_timeout, joins_.get(), offers_.get())) {}

RingEndpoint::~RingEndpoint() = default;

grpc::Service* RingEndpoint::service() { return service_.get(); }

void RingEndpoint::OfferState(const std::string& job, int64_t step,
                              std::shared_ptr<const std::string> state) {
  offers_->Add(job, step, std::move(state));
}

void RingEndpoint::WithdrawStates() { offers_->Clear(); }

RingJoins& RingEndpoint::joins() { return *joins_; }

}  // namespace ropewalk
