#include "worker/ring/reduction.h"

#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/ring/reduce.h"

namespace ropewalk {
namespace {

std::string Describe(const ChunkHeader& header) {
  return absl::StrCat("chunk ", header.chunk, " of block ", header.block, " of buffer ",
                      header.buffer, " in ring step ", header.ring_step, " of step ", header.step,
                      ", attempt ", header.attempt);
}

}  // namespace

Reduction::Reduction(ReductionId id, const RingSchedule& schedule,
                     absl::Span<const RingBuffer> buffers, ChunkPool* pool)
    : id_(id),
      schedule_(schedule),
      buffers_(buffers.begin(), buffers.end()),
      pool_(pool),
      fingerprint_(schedule.Fingerprint()) {}

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

Payload Reduction::Copy(const ScheduledChunk& chunk) const {
  const int64_t bytes = chunk.range.size() * ElementBytes(buffers_[chunk.buffer].op);
  if (bytes == 0) return Payload();
  std::shared_ptr<uint8_t> copy = pool_->Take(bytes);
  std::memcpy(copy.get(), Elements(chunk), bytes);
  return Payload(std::move(copy), bytes);
}

Payload Reduction::Add(const ScheduledChunk& chunk, const Payload& theirs) const {
  if (theirs.size() == 0) return Payload();
  std::shared_ptr<uint8_t> sum = pool_->Take(theirs.size());
  Reduce(buffers_[chunk.buffer].op, Elements(chunk), theirs, sum.get());
  return Payload(std::move(sum), theirs.size());
}

Chunk Reduction::NextToSend() {
  const ScheduledChunk scheduled = schedule_.Sent(sent_++);
  Chunk chunk;
  if (scheduled.step == 0) {
    chunk = {HeaderOf(scheduled), Copy(scheduled)};
    chunk.header.payload_hash = chunk.payload.Hash();
  } else {
    chunk = std::move(going_on_.front());
    going_on_.pop_front();
  }
  return chunk;
}

absl::Status Reduction::Check(const ChunkHeader& header, const ChunkHeader& expected) const {
  if (header.generation != id_.generation || header.step != id_.step ||
      header.attempt != id_.attempt) {
    return absl::AbortedError(absl::StrCat("expected a chunk of step ", id_.step, ", attempt ",
                                           id_.attempt, " of generation ", id_.generation, ", got ",
                                           Describe(header), " of generation ", header.generation));
  }
  if (header.fingerprint != fingerprint_) {
    return absl::FailedPreconditionError(
        absl::StrCat("the ranks reduce buffers of different counts or ops in step ", id_.step,
                     ", attempt ", id_.attempt));
  }
  if (header != expected) {
    return absl::InternalError(
        absl::StrCat("expected ", Describe(expected), ", got ", Describe(header)));
  }
  return absl::OkStatus();
}

absl::Status Reduction::Receive(const Chunk& chunk) {
  if (received_ == schedule_.messages()) {
    return absl::InternalError(absl::StrCat("got one chunk too many: ", Describe(chunk.header)));
  }
  const ScheduledChunk scheduled = schedule_.Received(received_);
  ChunkHeader expected = HeaderOf(scheduled);
  expected.payload_hash = chunk.header.payload_hash;
  RETURN_IF_ERROR(Check(chunk.header, expected));
  if (chunk.payload.size() != expected.length ||
      chunk.payload.Hash() != chunk.header.payload_hash) {
    return absl::DataLossError(absl::StrCat(Describe(expected), " does not match its hash"));
  }

  Chunk next = {HeaderOf(scheduled), chunk.payload};
  next.header.payload_hash = chunk.header.payload_hash;
  if (schedule_.IsAdded(scheduled.step)) {
    next.payload = Add(scheduled, chunk.payload);
    next.header.payload_hash = next.payload.Hash();
  }
  if (schedule_.IsComplete(scheduled.step)) next.payload.CopyTo(Elements(scheduled));
  if (schedule_.GoesOn(scheduled.step)) {
    ++next.header.ring_step;
    going_on_.push_back(std::move(next));
  }
  ++received_;
  return absl::OkStatus();
}

}  // namespace ropewalk
