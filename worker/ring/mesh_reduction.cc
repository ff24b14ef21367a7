#include "worker/ring/mesh_reduction.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/ring/ask_for.h"
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

// Elements that are encoded or decoded at a time: what is read, made and checked of them stays in
// the first cache.
constexpr int64_t kPart = 8 * kInt8Block;

// f(first, count) for parts of `count` elements.
template <typename F>
void ForEachPart(int64_t count, F f) {
  for (int64_t first = 0; first < count; first += kPart) f(first, std::min(kPart, count - first));
}

// The same for encoded elements, with the bytes of each part; returns the CRC of all.
template <typename F>
uint32_t ForEachPart(WireFormat format, const Payload& theirs, int64_t count, F f) {
  uint8_t room[kPart * sizeof(float)];
  PayloadReader reader(theirs);
  uint32_t crc = 0;
  ForEachPart(count, [&](int64_t first, int64_t size) {
    const int64_t bytes = WireBytes(format, size);
    const uint8_t* const wire = reader.Read(bytes, room);
    crc = ExtendCrc32c(crc, wire, bytes);
    f(first, size, wire);
  });
  return crc;
}

// Encodes `x` and what is owed to it, and notes in `next` what that leaves out. At most kPart.
void EncodeWithFeedback(WireFormat format, const float* x, const float* owed, int64_t count,
                        uint8_t* wire, float* next) {
  float arrives[kPart];
  for (int64_t i = 0; i < count; ++i) next[i] = x[i] + owed[i];
  EncodeFloats(format, next, count, wire);
  DecodeFloats(format, wire, count, arrives);
  for (int64_t i = 0; i < count; ++i) next[i] -= arrives[i];
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

// With is_sum this rank's block, which it has from then on as all others get it.
Chunk MeshReduction::Encode(const ScheduledChunk& chunk, bool is_sum) const {
  Chunk encoded = {HeaderOf(chunk, is_sum), Payload()};
  const int64_t bytes = encoded.header.length;
  if (bytes == 0) return encoded;
  std::shared_ptr<uint8_t> wire = pool_->Take(bytes);
  encoded.header.payload_crc =
      IsPlain(buffers_[chunk.buffer])
          ? CopyWithChecks(encoded.header.op, Elements(chunk), bytes, wire.get()).crc
          : EncodeRounded(chunk, is_sum, wire.get());
  encoded.payload = Payload(std::move(wire), bytes);
  return encoded;
}

uint32_t MeshReduction::EncodeRounded(const ScheduledChunk& chunk, bool is_sum,
                                      uint8_t* wire) const {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  const int64_t begin = chunk.range.begin;
  float* const x = static_cast<float*>(buffer.data) + begin;
  uint32_t crc = 0;
  ForEachPart(chunk.range.size(), [&](int64_t first, int64_t count) {
    const int64_t bytes = WireBytes(buffer.wire, count);
    AskFor(x + first + count, kPart * sizeof(float));
    if (buffer.feedback.next == nullptr) {
      EncodeFloats(buffer.wire, x + first, count, wire);
    } else {
      EncodeWithFeedback(buffer.wire, x + first, buffer.feedback.owed + begin + first, count, wire,
                         buffer.feedback.next + begin + first);
    }
    if (is_sum) DecodeFloats(buffer.wire, wire, count, x + first);
    crc = ExtendCrc32c(crc, wire, bytes);
    wire += bytes;
  });
  return crc;
}

std::vector<Chunk> MeshReduction::NextToSend() {
  const auto [is_sum, lane] = schedule_.At(sent_++);
  if (is_sum) {
    return std::vector<Chunk>(ranks_ - 1, Encode(schedule_.ChunkOf(lane, rank_), /*is_sum=*/true));
  }
  std::vector<Chunk> chunks;
  for (int distance = 1; distance < ranks_; ++distance) {
    chunks.push_back(Encode(schedule_.ChunkOf(lane, Place(distance)), /*is_sum=*/false));
  }
  return chunks;
}

uint32_t MeshReduction::Add(const ScheduledChunk& chunk, const Payload& theirs) {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  uint8_t* const mine = Elements(chunk);
  if (IsPlain(buffer)) return Reduce(buffer.op, mine, theirs, mine, nullptr).theirs.crc;
  return ForEachPart(buffer.wire, theirs, chunk.range.size(),
                     [&](int64_t first, int64_t count, const uint8_t* wire) {
                       AskFor(reinterpret_cast<float*>(mine) + first + count,
                              kPart * sizeof(float));
                       AddFloats(buffer.wire, wire, count, reinterpret_cast<float*>(mine) + first);
                     });
}

uint32_t MeshReduction::Take(const ScheduledChunk& chunk, const Payload& theirs) {
  const RingBuffer& buffer = buffers_[chunk.buffer];
  uint8_t* const mine = Elements(chunk);
  if (IsPlain(buffer)) return CopyWithChecks(buffer.op, theirs, mine).crc;
  return ForEachPart(
      buffer.wire, theirs, chunk.range.size(),
      [&](int64_t first, int64_t count, const uint8_t* wire) {
        AskFor(reinterpret_cast<float*>(mine) + first + count, kPart * sizeof(float));
        DecodeFloats(buffer.wire, wire, count, reinterpret_cast<float*>(mine) + first);
      });
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
