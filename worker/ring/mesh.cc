#include "worker/ring/mesh.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/ring/hop_latency.h"
#include "worker/ring/mesh_reduction.h"
#include "worker/ring/transport.h"

namespace ropewalk {
namespace {

// A rank that is alone rounds nothing, so nothing is owed any more.
void PayWhatIsOwed(const RingBuffer& buffer) {
  if (buffer.feedback.next == nullptr) return;
  auto* const x = static_cast<float*>(buffer.data);
  for (int64_t i = 0; i < buffer.count; ++i) x[i] += buffer.feedback.owed[i];
  std::fill_n(buffer.feedback.next, buffer.count, 0.0f);
}

}  // namespace

Mesh::Mesh(const RingOptions& options, std::vector<std::unique_ptr<Transport>> transports,
           RingCancellation* cancellation)
    : options_(options),
      ranks_(options.ranks()),
      links_(options.rank, ranks_, options.generation, options.hop_timeout, std::move(transports),
             cancellation) {}

Mesh::~Mesh() = default;

absl::Status Mesh::AllReduce(int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers) {
  RETURN_IF_ERROR(links_.failure());
  RETURN_IF_ERROR(CheckRingBuffers(buffers));
  if (ranks_ == 1) {
    for (const RingBuffer& buffer : buffers) PayWhatIsOwed(buffer);
    return absl::OkStatus();
  }
  MeshReduction reduction({options_.generation, step, attempt}, ranks_, options_.rank, buffers,
                          GranularityOf(options_, buffers), &pool_);
  const absl::Status status = Exchange(&reduction);
  return status.ok() ? status : links_.BreakOff(status);
}

absl::Status Mesh::Exchange(MeshReduction* reduction) {
  while (true) {
    SendAll(reduction);
    if (reduction->done()) return absl::OkStatus();
    for (int distance = 1; distance < ranks_; ++distance) {
      ASSIGN_OR_RETURN(const Chunk chunk, links_.Receive(distance));
      const absl::Status status = reduction->Receive(distance, chunk);
      if (!status.ok()) return links_.AboutHopFrom(distance, status);
    }
  }
}

void Mesh::SendAll(MeshReduction* reduction) {
  while (reduction->HasMessageToSend()) {
    std::vector<Chunk> chunks = reduction->NextToSend();
    for (int distance = 1; distance < ranks_; ++distance) {
      links_.Send(distance, std::move(chunks[distance - 1]));
    }
  }
}

absl::Status Mesh::MeasureLatency() {
  if (ranks_ == 1 || options_.latency > absl::ZeroDuration()) return absl::OkStatus();
  ASSIGN_OR_RETURN(options_.latency,
                   MeasureHopLatency(2, [this](uint32_t attempt, absl::Span<const RingBuffer> b) {
                     return AllReduce(kBeforeAllSteps, attempt, b);
                   }));
  return absl::OkStatus();
}

void Mesh::Cancel(absl::string_view reason) {
  links_.BreakOff(absl::CancelledError(absl::StrCat("cancelled: ", reason))).IgnoreError();
}

}  // namespace ropewalk
