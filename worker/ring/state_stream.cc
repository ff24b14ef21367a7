#include "worker/ring/state_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/grpc_status.h"

namespace ropewalk {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

}  // namespace

StateStream* StateStream::Refuse(const absl::Status& why) {
  auto* const stream = new StateStream({}, 0);
  stream->Finish(ToGrpcStatus(why));
  return stream;
}

StateStream* StateStream::Serve(StateOffers::Offer offer, int64_t offset) {
  const auto size = static_cast<int64_t>(offer.state->size());
  if (offset < 0 || offset > size) {
    return Refuse(absl::OutOfRangeError(
        absl::StrCat("offset ", offset, " is not within the state's ", size, " bytes")));
  }
  auto* const stream = new StateStream(std::move(offer), offset);
  stream->response_.set_total_bytes(size);
  stream->response_.set_digest(stream->offer_.digest);
  stream->WriteNext();
  return stream;
}

void StateStream::WriteNext() {
  const size_t begin = offset_;
  response_.set_data(offer_.state->substr(begin, kPieceBytes));
  offset_ += static_cast<int64_t>(response_.data().size());
  StartWrite(&response_);
}

void StateStream::OnWriteDone(bool ok) {
  response_.Clear();
  if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"));
  if (offset_ == static_cast<int64_t>(offer_.state->size())) return Finish(grpc::Status::OK);
  WriteNext();
}

}  // namespace ropewalk
