#include "worker/ring/reduction.h"

#include <memory>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/ring/chunk_check.h"
#include "worker/ring/reduce.h"

namespace ropewalk {
namespace {

void SetChecks(const ChunkChecks& checks, ChunkHeader* header) {
  header->payload_crc = checks.crc;
  header->element_sum = checks.sum;
}

// What arrived with what its header says.
absl::Status Compare(const ChunkChecks& checks, const ChunkHeader& header) {
  if (checks.crc != header.payload_crc) return CorruptChunkError(header);
  if (checks.sum != header.element_sum) return WrongSumError(header);
  return absl::OkStatus();
}

}  // namespace

Reduction::Reduction(ReductionId id, const RingSchedule& schedule,
                     absl::Span<const RingBuffer> buffers, ChunkPool* pool)
    : id_(id),
      schedule_(schedule),
      buffers_(buffers.begin(), buffers.end()),
      pool_(pool),
      fingerprint_(schedule.Fingerprint()),
      loans_(std::make_shared<std::atomic<int64_t>>(0)) {}

ChunkHeader Reduction::HeaderOf(const ScheduledChunk& chunk) const {
  ChunkHeader header;
  header.op = buffers_[chunk.buffer].op;
  header.buffer = static_cast<uint8_t>(chunk.buffer);
  header.generation = id_.generation;
  header.step = id_.step;
  header.attempt = id_.attempt;
  header.fingerprint = fingerprint_;
  header.ring_step = static_cast<uint16_t>(chunk.step);
  header.block = static_cast<uint16_t>(chunk.block);
  header.chunk = static_cast<uint32_t>(chunk.number);
  header.offset = chunk.range.begin;
  header.length = static_cast<uint32_t>(chunk.range.size() * ElementBytes(header.op));
  return header;
}

uint8_t* Reduction::Elements(const ScheduledChunk& chunk) const {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  return static_cast<uint8_t*>(buffer.data) + chunk.range.begin * ElementBytes(buffer.op);
}

bool Reduction::MayLend(const ScheduledChunk& chunk) const {
  return schedule_.MayLend() && buffers_[chunk.buffer].owner != nullptr;
}

Payload Reduction::Lend(const ScheduledChunk& chunk) const {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  loans_->fetch_add(1, std::memory_order_relaxed);
  // The owner first: whoever sees no loans finds nobody who holds it.
  const auto give_back = [owner = buffer.owner, loans = loans_](const uint8_t*) mutable {
    owner = nullptr;
    loans->fetch_sub(1, std::memory_order_release);
  };
  std::shared_ptr<const uint8_t> elements(Elements(chunk), give_back);
  return Payload(std::move(elements), chunk.range.size() * ElementBytes(buffer.op));
}

// This rank's elements, on their way.
Chunk Reduction::Own(const ScheduledChunk& scheduled) const {
  Chunk chunk = {HeaderOf(scheduled), Payload()};
  const int64_t bytes = chunk.header.length;
  if (bytes == 0) return chunk;
  if (MayLend(scheduled)) {
    SetChecks(ChecksOf(chunk.header.op, Elements(scheduled), bytes), &chunk.header);
    chunk.payload = Lend(scheduled);
    return chunk;
  }
  std::shared_ptr<uint8_t> copy = pool_->Take(bytes);
  SetChecks(CopyWithChecks(chunk.header.op, Elements(scheduled), bytes, copy.get()), &chunk.header);
  chunk.payload = Payload(std::move(copy), bytes);
  return chunk;
}

// A chunk with this rank's elements added; without its payload if it does not go on.
absl::StatusOr<Chunk> Reduction::Add(const ScheduledChunk& scheduled, const Chunk& theirs) const {
  Chunk sum = {HeaderOf(scheduled), Payload()};
  const int64_t bytes = theirs.payload.size();
  if (bytes == 0) return sum;
  const bool complete = schedule_.IsComplete(scheduled.step);
  const bool goes_on = schedule_.GoesOn(scheduled.step);
  const bool in_place = complete && (!goes_on || MayLend(scheduled));
  uint8_t* const mine = Elements(scheduled);
  std::shared_ptr<uint8_t> memory = in_place ? nullptr : pool_->Take(bytes);
  const ReducedChecks checks =
      Reduce(theirs.header.op, mine, theirs.payload, in_place ? mine : memory.get(),
             complete && !in_place ? mine : nullptr);
  RETURN_IF_ERROR(Compare(checks.theirs, theirs.header));
  SetChecks(checks.result, &sum.header);
  if (goes_on) sum.payload = in_place ? Lend(scheduled) : Payload(std::move(memory), bytes);
  return sum;
}

// A complete chunk, which is the result.
absl::StatusOr<Chunk> Reduction::Take(const ScheduledChunk& scheduled, const Chunk& theirs) const {
  RETURN_IF_ERROR(Compare(CopyWithChecks(theirs.header.op, theirs.payload, Elements(scheduled)),
                          theirs.header));
  return theirs;
}

Chunk Reduction::NextToSend() {
  const ScheduledChunk scheduled = schedule_.Sent(sent_++);
  if (schedule_.IsOwn(scheduled.step)) return Own(scheduled);
  Chunk chunk = std::move(going_on_.front());
  going_on_.pop_front();
  return scheduled.range.size() > 0 ? chunk : Own(scheduled);
}

absl::Status Reduction::Receive(const Chunk& chunk) {
  if (received_ == schedule_.messages()) {
    return absl::InternalError("got one chunk too many");
  }
  const ScheduledChunk scheduled = schedule_.Received(received_);
  RETURN_IF_ERROR(CheckChunk(chunk, HeaderOf(scheduled)));
  ASSIGN_OR_RETURN(Chunk next, schedule_.IsAdded(scheduled.step) ? Add(scheduled, chunk)
                                                                 : Take(scheduled, chunk));
  if (schedule_.GoesOn(scheduled.step)) {
    ++next.header.ring_step;
    going_on_.push_back(std::move(next));
  }
  ++received_;
  return absl::OkStatus();
}

}  // namespace ropewalk
