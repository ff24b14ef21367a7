#include "worker/ring/ring_links.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "worker/ring/hop_patience.h"
#include "worker/ring/transport.h"

namespace ropewalk {
namespace {

absl::Duration Now() { return Clock::Real()->Monotonic(); }

}  // namespace

RingLinks::RingLinks(int rank, int ranks, int64_t generation, absl::Duration hop_timeout,
                     std::vector<std::unique_ptr<Transport>> transports,
                     RingCancellation* cancellation)
    : rank_(rank),
      ranks_(ranks),
      generation_(generation),
      hop_timeout_(hop_timeout),
      transports_(std::move(transports)),
      waits_(transports_.size()),
      listener_(cancellation, [this](const absl::Status& why) { BreakOff(why).IgnoreError(); }) {}

RingLinks::~RingLinks() = default;

BrokenHop RingLinks::HopFrom(int distance) const {
  return {(rank_ + ranks_ - distance) % ranks_, rank_};
}

BrokenHop RingLinks::HopTo(int distance) const { return {rank_, (rank_ + distance) % ranks_}; }

void RingLinks::Send(int distance, Chunk chunk) {
  payload_bytes_sent_ += chunk.payload.size();
  transports_[distance - 1]->Send(std::move(chunk));
}

absl::StatusOr<Chunk> RingLinks::Receive(int distance) {
  const absl::Duration start = Now();
  absl::StatusOr<Chunk> chunk = ReceivePatiently(distance);
  waits_[distance - 1] += Now() - start;
  return chunk;
}

absl::StatusOr<Chunk> RingLinks::ReceivePatiently(int distance) {
  Transport& transport = *transports_[distance - 1];
  HopPatience patience(hop_timeout_, Now());
  while (!patience.exhausted(Now())) {
    absl::StatusOr<Chunk> chunk = transport.Receive(patience.Wait(Now()));
    if (chunk.ok()) {
      if (chunk->header.kind == ChunkKind::kElements) return chunk;
      patience.Hear(Now());
    } else if (!absl::IsDeadlineExceeded(chunk.status()) || BrokenHopOf(chunk.status())) {
      return chunk.status();
    }
    if (patience.TakeNotice(Now())) SendWaiting();
  }
  const BrokenHop hop = HopFrom(distance);
  return BrokenHopError(absl::StatusCode::kDeadlineExceeded, hop,
                        absl::StrCat("no chunk from rank ", hop.from_rank, " to rank ", hop.to_rank,
                                     " for ", absl::FormatDuration(hop_timeout_)));
}

void RingLinks::SendWaiting() {
  Chunk notice;
  notice.header.kind = ChunkKind::kWaiting;
  notice.header.generation = generation_;
  for (const std::unique_ptr<Transport>& transport : transports_) transport->Send(notice);
}

absl::Status RingLinks::WaitUntilReleased(int distance, absl::FunctionRef<bool()> released) {
  if (transports_[distance - 1]->WaitUntilReleased(released, hop_timeout_)) {
    return absl::OkStatus();
  }
  const BrokenHop hop = HopTo(distance);
  return BrokenHopError(absl::StatusCode::kDeadlineExceeded, hop,
                        absl::StrCat("rank ", hop.to_rank, " has taken nothing from rank ",
                                     hop.from_rank, " for ", absl::FormatDuration(hop_timeout_)));
}

absl::Status RingLinks::AboutHopFrom(int distance, const absl::Status& why) const {
  return BrokenHopError(why.code(), HopFrom(distance), why.message());
}

absl::Status RingLinks::BreakOff(const absl::Status& why) {
  {
    MutexLock lock(&mutex_);
    if (failure_.ok()) failure_ = why;
  }
  for (const std::unique_ptr<Transport>& transport : transports_) transport->BreakOff(why);
  return failure();
}

absl::Status RingLinks::failure() const {
  MutexLock lock(&mutex_);
  return failure_;
}

}  // namespace ropewalk
