#include "worker/ring/ring_endpoint.h"

#include <grpcpp/server_builder.h>

#include <utility>

#include "worker/ring/async_ring_service.h"
#include "worker/ring/incoming_stream.h"
#include "worker/ring/link_echo.h"
#include "worker/ring/ring_joins.h"
#include "worker/ring/ring_poller.h"
#include "worker/ring/state_offers.h"
#include "worker/ring/state_stream.h"

namespace ropewalk {

struct RingEndpoint::Service : AsyncRingService {};

RingEndpoint::RingEndpoint(absl::Duration join_timeout, std::string incarnation)
    : join_timeout_(join_timeout),
      incarnation_(std::move(incarnation)),
      offers_(std::make_unique<StateOffers>()),
      joins_(std::make_unique<RingJoins>()),
      service_(std::make_unique<Service>()) {}

RingEndpoint::~RingEndpoint() = default;

void RingEndpoint::Register(grpc::ServerBuilder* builder) {
  builder->RegisterService(service_.get());
  poller_ = std::make_unique<RingPoller>(builder->AddCompletionQueue());
}

void RingEndpoint::Serve() {
  IncomingStream::AcceptAll(service_.get(), poller_.get(), joins_.get(), join_timeout_);
  StateStream::AcceptAll(service_.get(), poller_.get(), offers_.get());
  LinkEcho::AcceptAll(service_.get(), poller_.get(), incarnation_);
}

void RingEndpoint::Stop() { poller_.reset(); }

void RingEndpoint::OfferState(const std::string& job, int64_t step,
                              std::shared_ptr<const std::string> state) {
  offers_->Add(job, step, std::move(state));
}

void RingEndpoint::WithdrawStates() { offers_->Clear(); }

}  // namespace ropewalk
