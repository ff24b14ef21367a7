#include "worker/ring/ring.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/status_macros.h"
#include "worker/ring/chunk_pool.h"
#include "worker/ring/hop_patience.h"
#include "worker/ring/reduction.h"
#include "worker/ring/transport.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxBuffers = 255;

absl::Duration Now() { return Clock::Real()->Monotonic(); }

absl::Status CheckBuffers(absl::Span<const RingBuffer> buffers) {
  if (buffers.size() > kMaxBuffers) {
    return absl::InvalidArgumentError(
        absl::StrCat(buffers.size(), " buffers; at most ", kMaxBuffers, " go into one reduction"));
  }
  for (const RingBuffer& buffer : buffers) {
    if (buffer.count < 0) return absl::InvalidArgumentError("a buffer's count is negative");
  }
  return absl::OkStatus();
}

}  // namespace

Ring::Ring(const RingOptions& options, std::unique_ptr<Transport> transport,
           RingCancellation* cancellation)
    : options_(options),
      ranks_(static_cast<int>(options.addresses.size())),
      hop_in_{(options.rank + ranks_ - 1) % ranks_, options.rank},
      transport_(std::move(transport)),
      pool_(std::make_unique<ChunkPool>()),
      listener_(cancellation, [this](const absl::Status& why) { BreakOff(why).IgnoreError(); }) {}

Ring::~Ring() = default;

absl::Status Ring::AllReduce(int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers) {
  return Run({CollectiveKind::kAllReduce}, step, attempt, buffers);
}

absl::Status Ring::ReduceScatter(int64_t step, uint32_t attempt,
                                 absl::Span<const RingBuffer> buffers) {
  return Run({CollectiveKind::kReduceScatter}, step, attempt, buffers);
}

absl::Status Ring::AllGather(int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers) {
  return Run({CollectiveKind::kAllGather}, step, attempt, buffers);
}

absl::Status Ring::Broadcast(int64_t step, uint32_t attempt, int root,
                             absl::Span<const RingBuffer> buffers) {
  if (root < 0 || root >= ranks_) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no rank ", root, " of ", ranks_, " to broadcast from"));
  }
  return Run({CollectiveKind::kBroadcast, root}, step, attempt, buffers);
}

absl::Status Ring::Run(Collective collective, int64_t step, uint32_t attempt,
                       absl::Span<const RingBuffer> buffers) {
  RETURN_IF_ERROR(failure());
  RETURN_IF_ERROR(CheckBuffers(buffers));
  if (ranks_ == 1) return absl::OkStatus();
  const RingSchedule schedule(buffers, ranks_, options_.rank, GranularityFor(buffers), collective);
  Reduction reduction({options_.generation, step, attempt}, schedule, buffers, pool_.get());
  const absl::Status status = Exchange(&reduction);
  return status.ok() ? status : BreakOff(status);
}

Granularity Ring::GranularityFor(absl::Span<const RingBuffer> buffers) const {
  Granularity granularity = DefaultGranularity(buffers, ranks_);
  if (options_.granularity.chunk_bytes > 0) {
    granularity.chunk_bytes = options_.granularity.chunk_bytes;
  }
  if (options_.granularity.window > 0) granularity.window = options_.granularity.window;
  return granularity;
}

absl::Status Ring::Exchange(Reduction* reduction) {
  while (true) {
    while (reduction->HasChunkToSend()) {
      Chunk chunk = reduction->NextToSend();
      payload_bytes_sent_ += chunk.payload.size();
      transport_->Send(std::move(chunk));
    }
    if (reduction->done()) return WaitUntilReleased(*reduction);
    ASSIGN_OR_RETURN(const Chunk chunk, NextChunk());
    const absl::Status status = reduction->Receive(chunk);
    if (!status.ok()) return BrokenHopError(status.code(), hop_in_, status.message());
  }
}

absl::Status Ring::WaitUntilReleased(const Reduction& reduction) {
  if (transport_->WaitUntilReleased([&] { return !reduction.lends(); }, options_.hop_timeout)) {
    return absl::OkStatus();
  }
  const BrokenHop hop_out = {options_.rank, (options_.rank + 1) % ranks_};
  return BrokenHopError(
      absl::StatusCode::kDeadlineExceeded, hop_out,
      absl::StrCat("rank ", hop_out.to_rank, " has taken nothing from rank ", hop_out.from_rank,
                   " for ", absl::FormatDuration(options_.hop_timeout)));
}

absl::StatusOr<Chunk> Ring::NextChunk() {
  HopPatience patience(options_.hop_timeout, Now());
  while (!patience.exhausted(Now())) {
    absl::StatusOr<Chunk> chunk = transport_->Receive(patience.Wait(Now()));
    if (chunk.ok()) {
      if (chunk->header.kind == ChunkKind::kElements) return chunk;
      patience.Hear(Now());
    } else if (!absl::IsDeadlineExceeded(chunk.status()) || BrokenHopOf(chunk.status())) {
      return chunk.status();
    }
    if (patience.TakeNotice(Now())) SendWaiting();
  }
  return BrokenHopError(
      absl::StatusCode::kDeadlineExceeded, hop_in_,
      absl::StrCat("no chunk from rank ", hop_in_.from_rank, " to rank ", hop_in_.to_rank, " for ",
                   absl::FormatDuration(options_.hop_timeout)));
}

void Ring::SendWaiting() {
  Chunk notice;
  notice.header.kind = ChunkKind::kWaiting;
  notice.header.generation = options_.generation;
  transport_->Send(std::move(notice));
}

void Ring::Cancel(absl::string_view reason) {
  BreakOff(absl::CancelledError(absl::StrCat("cancelled: ", reason))).IgnoreError();
}

// Returns why the ring broke first.
absl::Status Ring::BreakOff(const absl::Status& why) {
  {
    MutexLock lock(&mutex_);
    if (failure_.ok()) failure_ = why;
  }
  if (transport_ != nullptr) transport_->BreakOff(why);
  return failure();
}

absl::Status Ring::failure() const {
  MutexLock lock(&mutex_);
  return failure_;
}

}  // namespace ropewalk
