#include "worker/ring/grpc_transport.h"

#include <algorithm>
#include <iterator>
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
#include "worker/ring/striped_transport.h"

namespace ropewalk {
namespace {

// How often someone who dials looks whether the ring has broken elsewhere.
constexpr absl::Duration kLookAround = absl::Milliseconds(100);

// How often someone who waits for memory to be released looks.
constexpr absl::Duration kLookForRelease = absl::Microseconds(500);

// How long the successor may take to see a farewell.
constexpr absl::Duration kFarewellTimeout = absl::Seconds(1);

int Place(const RingOptions& options, int distance) {
  return (options.rank + distance + options.ranks()) % options.ranks();
}

}  // namespace

GrpcTransport::GrpcTransport(const RingOptions& options, int distance, int stripe, RingJoins* joins,
                             RingPoller* poller, std::shared_ptr<Inbox> inbox)
    : options_(options),
      hop_in_{Place(options, -distance), options.rank},
      hop_out_{options.rank, Place(options, distance)},
      stripe_(stripe),
      successor_address_(options.addresses[hop_out_.to_rank]),
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

absl::StatusOr<std::vector<std::unique_ptr<Transport>>> GrpcTransport::Connect(
    const RingOptions& options, const std::vector<int>& distances, RingJoins* joins,
    RingPoller* poller, RingCancellation* cancellation) {
  const absl::Time deadline = absl::Now() + options.connect_timeout;
  RingSeat seat{options.job, options.generation, options.rank, options.ranks(),
                {},          options.stripes};
  RingJoins::Inboxes inboxes;
  for (const int distance : distances) {
    seat.hears.push_back(Place(options, -distance));
    for (int stripe = 0; stripe < options.stripes; ++stripe) {
      inboxes[{seat.hears.back(), stripe}] = std::make_shared<Inbox>();
    }
  }
  RETURN_IF_ERROR(joins->Join(seat, inboxes));
  std::vector<std::unique_ptr<GrpcTransport>> links;
  for (const int distance : distances) {
    for (int stripe = 0; stripe < options.stripes; ++stripe) {
      links.emplace_back(new GrpcTransport(options, distance, stripe, joins, poller,
                                           inboxes[{Place(options, -distance), stripe}]));
    }
  }
  RETURN_IF_ERROR(MeetAll(links, deadline, cancellation));
  return Striped(std::move(links), options.stripes);
}

// One transport for as many of `links` in a row.
std::vector<std::unique_ptr<Transport>> GrpcTransport::Striped(
    std::vector<std::unique_ptr<GrpcTransport>> links, int stripes) {
  std::vector<std::unique_ptr<Transport>> hops;
  for (auto link = links.begin(); link != links.end(); link += stripes) {
    if (stripes == 1) {
      hops.push_back(std::move(*link));
      continue;
    }
    hops.push_back(std::make_unique<StripedTransport>(std::vector<std::unique_ptr<Transport>>(
        std::make_move_iterator(link), std::make_move_iterator(link + stripes))));
  }
  return hops;
}

// If one does not meet its neighbours, none does.
absl::Status GrpcTransport::MeetAll(absl::Span<const std::unique_ptr<GrpcTransport>> links,
                                    absl::Time deadline, RingCancellation* cancellation) {
  const auto break_off = [links](const absl::Status& why) {
    for (const std::unique_ptr<GrpcTransport>& link : links) link->BreakOff(why);
  };
  const RingCancellation::Listener listener(cancellation, break_off);
  for (const std::unique_ptr<GrpcTransport>& link : links) {
    const absl::Status status = link->Meet(deadline);
    if (status.ok()) continue;
    break_off(status);
    return status;
  }
  return absl::OkStatus();
}

absl::Status GrpcTransport::Meet(absl::Time deadline) {
  RETURN_IF_ERROR(DialSuccessor(deadline));
  return AwaitPredecessor(deadline);
}

std::shared_ptr<OutgoingStream> GrpcTransport::outgoing() const {
  MutexLock lock(&mutex_);
  return outgoing_;
}

// Null if the ring is broken off.
std::shared_ptr<OutgoingStream> GrpcTransport::StartStream() {
  v1::RingOpen open;
  open.set_job(options_.job);
  open.set_generation(options_.generation);
  open.set_from_rank(hop_out_.from_rank);
  open.set_to_rank(hop_out_.to_rank);
  open.set_ranks(options_.ranks());
  open.set_stripe(stripe_);
  open.set_stripes(options_.stripes);
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
  return BrokenHopError(absl::StatusCode::kDeadlineExceeded, hop_out_,
                        absl::StrCat("rank ", hop_out_.to_rank, " at ", successor_address_,
                                     " did not join the ring within ",
                                     absl::FormatDuration(options_.connect_timeout)));
}

absl::Status GrpcTransport::AwaitPredecessor(absl::Time deadline) {
  const absl::Status status = inbox_->WaitUntilOpen(deadline - absl::Now());
  if (!absl::IsDeadlineExceeded(status) || BrokenHopOf(status).has_value()) return status;
  return BrokenHopError(
      absl::StatusCode::kDeadlineExceeded, hop_in_,
      absl::StrCat("rank ", hop_in_.from_rank, " did not connect to rank ", hop_in_.to_rank,
                   " within ", absl::FormatDuration(options_.connect_timeout)));
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
