#include "worker/ring/grpc_transport.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/status_macros.h"
#include "worker/ring/farewell.h"
#include "worker/ring/frame.h"
#include "worker/ring/inbox.h"
#include "worker/ring/outgoing_stream.h"
#include "worker/ring/ring_channel.h"
#include "worker/ring/ring_joins.h"
#include "worker/ring/ring_poller.h"

namespace ropewalk {
namespace {

// How often someone who dials looks whether the ring has broken elsewhere.
constexpr absl::Duration kLookAround = absl::Milliseconds(100);

// How often someone who waits for memory to be released looks.
constexpr absl::Duration kLookForRelease = absl::Microseconds(500);

// How long the successor may take to see a farewell.
constexpr absl::Duration kFarewellTimeout = absl::Seconds(1);

int RanksOf(const RingOptions& options) { return static_cast<int>(options.addresses.size()); }

RingSeat SeatOf(const RingOptions& options) {
  return {options.job, options.generation, options.rank, RanksOf(options)};
}

int Successor(const RingSeat& seat) { return (seat.rank + 1) % seat.ranks; }

}  // namespace

GrpcTransport::GrpcTransport(const RingOptions& options, RingJoins* joins, RingPoller* poller,
                             std::shared_ptr<Inbox> inbox)
    : seat_(SeatOf(options)),
      successor_address_(options.addresses[Successor(seat_)]),
      hop_in_{(seat_.rank + seat_.ranks - 1) % seat_.ranks, seat_.rank},
      hop_out_{seat_.rank, Successor(seat_)},
      connect_timeout_(options.connect_timeout),
      joins_(joins),
      poller_(poller),
      inbox_(std::move(inbox)),
      channel_(DialRingChannel(successor_address_)) {}

GrpcTransport::~GrpcTransport() {
  joins_->Leave(inbox_.get(), absl::OkStatus());
  const std::shared_ptr<OutgoingStream> stream = outgoing();
  if (stream == nullptr) return;
  stream->Leave(ToFarewell(absl::OkStatus()), /*at_once=*/false);
  stream->Close(kFarewellTimeout);
}

absl::StatusOr<std::unique_ptr<Transport>> GrpcTransport::Connect(const RingOptions& options,
                                                                  RingJoins* joins,
                                                                  RingPoller* poller,
                                                                  RingCancellation* cancellation) {
  const absl::Time deadline = absl::Now() + options.connect_timeout;
  auto inbox = std::make_shared<Inbox>();
  RETURN_IF_ERROR(joins->Join(SeatOf(options), inbox));
  std::unique_ptr<GrpcTransport> transport(new GrpcTransport(options, joins, poller, inbox));
  const RingCancellation::Listener listener(
      cancellation, [link = transport.get()](const absl::Status& why) { link->BreakOff(why); });
  absl::Status status = transport->DialSuccessor(deadline);
  if (status.ok()) status = transport->AwaitPredecessor(deadline);
  if (status.ok()) return transport;
  transport->BreakOff(status);
  return status;
}

std::shared_ptr<OutgoingStream> GrpcTransport::outgoing() const {
  MutexLock lock(&mutex_);
  return outgoing_;
}

// Null if the ring is broken off.
std::shared_ptr<OutgoingStream> GrpcTransport::StartStream() {
  v1::RingOpen open;
  open.set_job(seat_.job);
  open.set_generation(seat_.generation);
  open.set_from_rank(hop_out_.from_rank);
  open.set_to_rank(hop_out_.to_rank);
  open.set_ranks(seat_.ranks);
  MutexLock lock(&mutex_);
  if (broken_off_) return nullptr;
  outgoing_ = OutgoingStream::Start(
      poller_, channel_, open, [inbox = inbox_](const absl::Status& why) { inbox->Fail(why); });
  return outgoing_;
}

// A successor that goes away before it has accepted, as when its process starts again, is dialled
// again.
absl::Status GrpcTransport::DialSuccessor(absl::Time deadline) {
  while (true) {
    const std::shared_ptr<OutgoingStream> stream = StartStream();
    if (stream == nullptr) return inbox_->status();
    const absl::Status status = WaitUntilAccepted(*stream, deadline);
    if (!absl::IsUnavailable(status) || stream->has_callees_word() || !inbox_->status().ok()) {
      return status;
    }
  }
}

absl::Status GrpcTransport::WaitUntilAccepted(OutgoingStream& stream, absl::Time deadline) {
  while (absl::Now() < deadline) {
    const absl::Status status =
        stream.WaitUntilAccepted(std::min(kLookAround, deadline - absl::Now()));
    RETURN_IF_ERROR(inbox_->status());
    if (!absl::IsDeadlineExceeded(status) || !status.message().empty()) return status;
  }
  return BrokenHopError(
      absl::StatusCode::kDeadlineExceeded, hop_out_,
      absl::StrCat("rank ", hop_out_.to_rank, " at ", successor_address_,
                   " did not join the ring within ", absl::FormatDuration(connect_timeout_)));
}

absl::Status GrpcTransport::AwaitPredecessor(absl::Time deadline) {
  const absl::Status status = inbox_->WaitUntilOpen(deadline - absl::Now());
  if (!absl::IsDeadlineExceeded(status) || BrokenHopOf(status).has_value()) return status;
  return BrokenHopError(
      absl::StatusCode::kDeadlineExceeded, hop_in_,
      absl::StrCat("rank ", hop_in_.from_rank, " did not connect to rank ", hop_in_.to_rank,
                   " within ", absl::FormatDuration(connect_timeout_)));
}

void GrpcTransport::Send(Chunk chunk) {
  const absl::Status status = outgoing()->Send(EncodeChunk(chunk));
  if (!status.ok()) inbox_->Fail(status);
}

absl::StatusOr<Chunk> GrpcTransport::Receive(absl::Duration timeout) {
  poller_->PollUntil([&] { return inbox_->has_news(); }, absl::Now() + timeout);
  return inbox_->Pop(absl::ZeroDuration());
}

// That gRPC lets go of memory is no event: so this looks often.
bool GrpcTransport::WaitUntilReleased(absl::FunctionRef<bool()> released, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!released() && absl::Now() < deadline) {
    poller_->PollUntil(released, std::min(deadline, absl::Now() + kLookForRelease));
  }
  return released();
}

void GrpcTransport::BreakOff(const absl::Status& why) {
  inbox_->Fail(why);
  poller_->Wake();
  std::shared_ptr<OutgoingStream> stream;
  {
    MutexLock lock(&mutex_);
    broken_off_ = true;
    stream = outgoing_;
  }
  if (stream != nullptr) stream->Leave(ToFarewell(why), /*at_once=*/true);
  joins_->Leave(inbox_.get(), why);
}

}  // namespace ropewalk
