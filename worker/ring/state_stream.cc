#include "worker/ring/state_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/grpc_status.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

}  // namespace

StateStream::StateStream(AsyncRingService* service, RingPoller* poller, const StateOffers* offers)
    : service_(service),
      poller_(poller),
      use_(poller),
      offers_(offers),
      stream_(&context_),
      accept_(this, &StateStream::OnAccepted),
      write_(this, &StateStream::OnWritten),
      finish_(this, &StateStream::OnFinished) {}

void StateStream::AcceptAll(AsyncRingService* service, RingPoller* poller,
                            const StateOffers* offers) {
  std::shared_ptr<StateStream> stream(new StateStream(service, poller, offers));
  service->RequestPullState(&stream->context_, &stream->request_, &stream->stream_, poller->queue(),
                            poller->queue(), stream->accept_.Start());
}

// Not ok: the server shuts down.
void StateStream::OnAccepted(bool ok) {
  if (!ok) return;
  AcceptAll(service_, poller_, offers_);
  const absl::Status status = FindOffer();
  if (!status.ok()) return Finish(ToGrpcStatus(status));
  response_.set_total_bytes(static_cast<int64_t>(offer_.state->size()));
  response_.set_digest(offer_.digest);
  WriteNext();
}

absl::Status StateStream::FindOffer() {
  ASSIGN_OR_RETURN(offer_, offers_->Find(request_.job(), request_.step()));
  offset_ = request_.offset();
  const auto size = static_cast<int64_t>(offer_.state->size());
  if (offset_ >= 0 && offset_ <= size) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("offset ", offset_, " is not within the state's ", size, " bytes"));
}

void StateStream::WriteNext() {
  response_.set_data(offer_.state->substr(offset_, kPieceBytes));
  offset_ += static_cast<int64_t>(response_.data().size());
  stream_.Write(response_, write_.Start());
}

void StateStream::OnWritten(bool ok) {
  response_.Clear();
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (offset_ == static_cast<int64_t>(offer_.state->size())) return Finish(grpc::Status::OK);
  WriteNext();
}

}  // namespace ropewalk
