#include "worker/ring/mesh_reduction.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/ring/chunk_check.h"
#include "worker/ring/crc32c.h"
#include "worker/ring/reduce.h"

namespace ropewalk {
namespace {

int64_t ChunkBytes(const RingBuffer& buffer, int64_t elements) {
  return buffer.op == ReduceOp::kSumFloat32 ? WireBytes(buffer.wire, elements)
                                            : elements * ElementBytes(buffer.op);
}

// Whether elements travel as they lie in memory.
bool IsPlain(const RingBuffer& buffer) {
  return buffer.op != ReduceOp::kSumFloat32 || buffer.wire == WireFormat::kPlain;
}

// Encodes `x` and what is owed to it, and notes in `next` what that leaves out.
void EncodeWithFeedback(WireFormat format, const float* x, const float* owed, int64_t count,
                        uint8_t* wire, float* next) {
  constexpr int64_t kPart = 8 * kInt8Block;
  float wanted[kPart], arrives[kPart];
  for (int64_t begin = 0; begin < count; begin += kPart) {
    const int64_t size = std::min(kPart, count - begin);
    for (int64_t i = 0; i < size; ++i) wanted[i] = x[begin + i] + owed[begin + i];
    uint8_t* const part = wire + WireBytes(format, begin);
    EncodeFloats(format, wanted, size, part);
    DecodeFloats(format, part, size, arrives);
    for (int64_t i = 0; i < size; ++i) next[begin + i] = wanted[i] - arrives[i];
  }
}

}  // namespace

MeshReduction::MeshReduction(ReductionId id, int ranks, int rank,
                             absl::Span<const RingBuffer> buffers, Granularity granularity,
                             ChunkPool* pool)
    : id_(id),
      ranks_(ranks),
      rank_(rank),
      schedule_(buffers, ranks, granularity),
      buffers_(buffers.begin(), buffers.end()),
      pool_(pool),
      fingerprint_(schedule_.Fingerprint()) {}

ChunkHeader MeshReduction::HeaderOf(const ScheduledChunk& chunk, bool is_sum) const {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  ChunkHeader header;
  header.op = buffer.op;
  header.buffer = static_cast<uint8_t>(chunk.buffer);
  header.generation = id_.generation;
  header.step = id_.step;
  header.attempt = id_.attempt;
  header.fingerprint = fingerprint_;
  header.ring_step = is_sum ? 1 : 0;
  header.block = static_cast<uint16_t>(chunk.block);
  header.chunk = static_cast<uint32_t>(chunk.number);
  header.offset = chunk.range.begin;
  header.length = static_cast<uint32_t>(ChunkBytes(buffer, chunk.range.size()));
  return header;
}

uint8_t* MeshReduction::Elements(const ScheduledChunk& chunk) const {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  return static_cast<uint8_t*>(buffer.data) + chunk.range.begin * ElementBytes(buffer.op);
}

Chunk MeshReduction::Encode(const ScheduledChunk& chunk, bool is_sum) const {
  Chunk encoded = {HeaderOf(chunk, is_sum), Payload()};
  const int64_t bytes = encoded.header.length;
  if (bytes == 0) return encoded;
  const RingBuffer& buffer = buffers_[chunk.buffer];
  std::shared_ptr<uint8_t> wire = pool_->Take(bytes);
  if (IsPlain(buffer)) {
    encoded.header.payload_crc = CopyWithCrc(Elements(chunk), bytes, wire.get());
  } else {
    const auto* x = reinterpret_cast<const float*>(Elements(chunk));
    const auto [begin, end] = chunk.range;
    if (buffer.feedback.next != nullptr) {
      EncodeWithFeedback(buffer.wire, x, buffer.feedback.owed + begin, end - begin, wire.get(),
                         buffer.feedback.next + begin);
    } else {
      EncodeFloats(buffer.wire, x, end - begin, wire.get());
    }
    encoded.header.payload_crc = ExtendCrc32c(0, wire.get(), bytes);
  }
  encoded.payload = Payload(std::move(wire), bytes);
  return encoded;
}

// This rank's block, which it has itself as all others get it.
Chunk MeshReduction::EncodeSum(int64_t lane) const {
  const ScheduledChunk chunk = schedule_.ChunkOf(lane, rank_);
  Chunk encoded = Encode(chunk, /*is_sum=*/true);
  const RingBuffer& buffer = buffers_[chunk.buffer];
  if (!IsPlain(buffer) && chunk.range.size() > 0) {
    DecodeFloats(buffer.wire, encoded.payload.pieces()[0].bytes.data(), chunk.range.size(),
                 reinterpret_cast<float*>(Elements(chunk)));
  }
  return encoded;
}

std::vector<Chunk> MeshReduction::NextToSend() {
  const auto [is_sum, lane] = schedule_.At(sent_++);
  if (is_sum) return std::vector<Chunk>(ranks_ - 1, EncodeSum(lane));
  std::vector<Chunk> chunks;
  for (int distance = 1; distance < ranks_; ++distance) {
    chunks.push_back(Encode(schedule_.ChunkOf(lane, Place(distance)), /*is_sum=*/false));
  }
  return chunks;
}

uint32_t MeshReduction::CopyToScratch(const Payload& theirs) {
  if (static_cast<int64_t>(scratch_.size()) < theirs.size()) scratch_.resize(theirs.size());
  return CopyWithCrc(theirs, scratch_.data());
}

uint32_t MeshReduction::Add(const ScheduledChunk& chunk, const Payload& theirs) {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  uint8_t* const mine = Elements(chunk);
  if (IsPlain(buffer)) return Reduce(buffer.op, mine, theirs, mine, nullptr).theirs;
  const uint32_t crc = CopyToScratch(theirs);
  AddFloats(buffer.wire, scratch_.data(), chunk.range.size(), reinterpret_cast<float*>(mine));
  return crc;
}

uint32_t MeshReduction::Take(const ScheduledChunk& chunk, const Payload& theirs) {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  if (IsPlain(buffer)) return CopyWithCrc(theirs, Elements(chunk));
  const uint32_t crc = CopyToScratch(theirs);
  DecodeFloats(buffer.wire, scratch_.data(), chunk.range.size(),
               reinterpret_cast<float*>(Elements(chunk)));
  return crc;
}

absl::Status MeshReduction::Receive(int distance, const Chunk& chunk) {
  const auto [is_sum, lane] = schedule_.At(received_);
  const ScheduledChunk scheduled = schedule_.ChunkOf(lane, is_sum ? Place(-distance) : rank_);
  RETURN_IF_ERROR(CheckChunk(chunk, HeaderOf(scheduled, is_sum)));
  const uint32_t crc = is_sum ? Take(scheduled, chunk.payload) : Add(scheduled, chunk.payload);
  if (crc != chunk.header.payload_crc) return CorruptChunkError(chunk.header);
  if (distance < ranks_ - 1) return absl::OkStatus();
  ++received_;
  summed_ += is_sum ? 0 : 1;
  return absl::OkStatus();
}

}  // namespace ropewalk
