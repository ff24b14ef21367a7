#include "worker/ring/ring.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/ring/chunk_pool.h"
#include "worker/ring/hop_latency.h"
#include "worker/ring/reduction.h"
#include "worker/ring/transport.h"

namespace ropewalk {
namespace {

absl::Status CheckPlain(absl::Span<const RingBuffer> buffers) {
  for (const RingBuffer& buffer : buffers) {
    if (buffer.wire == WireFormat::kPlain) continue;
    return absl::InvalidArgumentError(
        "a ring would round sums at every hop; elements that are to be rounded need a mesh");
  }
  return absl::OkStatus();
}

std::vector<std::unique_ptr<Transport>> OneOrNone(std::unique_ptr<Transport> transport) {
  std::vector<std::unique_ptr<Transport>> transports;
  if (transport != nullptr) transports.push_back(std::move(transport));
  return transports;
}

}  // namespace

Ring::Ring(const RingOptions& options, std::unique_ptr<Transport> transport,
           RingCancellation* cancellation)
    : options_(options),
      ranks_(options.ranks()),
      links_(options.rank, ranks_, options.generation, options.hop_timeout,
             OneOrNone(std::move(transport)), cancellation),
      pool_(std::make_unique<ChunkPool>()) {}

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
  RETURN_IF_ERROR(links_.failure());
  RETURN_IF_ERROR(CheckRingBuffers(buffers));
  RETURN_IF_ERROR(CheckPlain(buffers));
  if (ranks_ == 1) return absl::OkStatus();
  const RingSchedule schedule(buffers, ranks_, options_.rank, GranularityOf(options_, buffers),
                              collective);
  Reduction reduction({options_.generation, step, attempt}, schedule, buffers, pool_.get());
  const absl::Status status = Exchange(&reduction);
  return status.ok() ? status : links_.BreakOff(status);
}

absl::Status Ring::Exchange(Reduction* reduction) {
  while (true) {
    while (reduction->HasChunkToSend()) links_.Send(1, reduction->NextToSend());
    if (reduction->done()) {
      return links_.WaitUntilReleased(1, [&] { return !reduction->lends(); });
    }
    ASSIGN_OR_RETURN(const Chunk chunk, links_.Receive(1));
    const absl::Status status = reduction->Receive(chunk);
    if (!status.ok()) return links_.AboutHopFrom(1, status);
  }
}

absl::Status Ring::MeasureLatency() {
  if (ranks_ == 1 || options_.latency > absl::ZeroDuration()) return absl::OkStatus();
  const int hops = ranks_ == 2 ? 1 : 2 * (ranks_ - 1);
  ASSIGN_OR_RETURN(
      options_.latency,
      MeasureHopLatency(hops, [this](uint32_t attempt, absl::Span<const RingBuffer> buffers) {
        return AllReduce(kBeforeAllSteps, attempt, buffers);
      }));
  return absl::OkStatus();
}

void Ring::Cancel(absl::string_view reason) {
  links_.BreakOff(absl::CancelledError(absl::StrCat("cancelled: ", reason))).IgnoreError();
}

}  // namespace ropewalk
