#include "worker/ring/chunk_header.h"

#include "absl/strings/str_cat.h"
#include "worker/ring/crc32c.h"

namespace ropewalk {
namespace {

constexpr uint32_t kMagic = 0x48435752;  // "RWCH"
constexpr uint8_t kVersion = 3;
constexpr int kHeaderCrcOffset = 52;

// Puts integers at places of the header, lowest byte first.
template <typename T>
void Put(T value, int offset, EncodedChunkHeader* bytes) {
  const auto bits = static_cast<uint64_t>(value);
  for (size_t i = 0; i < sizeof(T); ++i) {
    (*bytes)[offset + i] = static_cast<uint8_t>(bits >> (8 * i));
  }
}

template <typename T>
T Get(const EncodedChunkHeader& bytes, int offset) {
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i) bits |= uint64_t{bytes[offset + i]} << (8 * i);
  return static_cast<T>(bits);
}

uint32_t HeaderCrc(EncodedChunkHeader bytes) {
  Put<uint32_t>(0, kHeaderCrcOffset, &bytes);
  return ExtendCrc32c(0, bytes.data(), bytes.size());
}

bool IsKnown(ChunkKind kind) { return kind == ChunkKind::kElements || kind == ChunkKind::kWaiting; }

bool IsKnown(ReduceOp op) {
  return op == ReduceOp::kSumInt32 || op == ReduceOp::kMaxUint8 || op == ReduceOp::kSumFloat32;
}

}  // namespace

EncodedChunkHeader EncodeChunkHeader(const ChunkHeader& header) {
  EncodedChunkHeader bytes{};
  Put(kMagic, 0, &bytes);
  Put(kVersion, 4, &bytes);
  Put(header.kind, 5, &bytes);
  Put(header.op, 6, &bytes);
  Put(header.buffer, 7, &bytes);
  Put(header.generation, 8, &bytes);
  Put(header.step, 16, &bytes);
  Put(header.attempt, 24, &bytes);
  Put(header.fingerprint, 28, &bytes);
  Put(header.ring_step, 32, &bytes);
  Put(header.block, 34, &bytes);
  Put(header.chunk, 36, &bytes);
  Put(header.offset, 40, &bytes);
  Put(header.length, 48, &bytes);
  Put(header.payload_crc, 56, &bytes);
  Put(header.element_sum, 60, &bytes);
  Put(HeaderCrc(bytes), kHeaderCrcOffset, &bytes);
  return bytes;
}

absl::StatusOr<ChunkHeader> DecodeChunkHeader(const EncodedChunkHeader& bytes) {
  if (Get<uint32_t>(bytes, kHeaderCrcOffset) != HeaderCrc(bytes)) {
    return absl::DataLossError("a chunk's header does not match its CRC");
  }
  ChunkHeader header;
  header.kind = Get<ChunkKind>(bytes, 5);
  header.op = Get<ReduceOp>(bytes, 6);
  if (Get<uint32_t>(bytes, 0) != kMagic || Get<uint8_t>(bytes, 4) != kVersion ||
      !IsKnown(header.kind) || !IsKnown(header.op)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a chunk's header is not of version ", kVersion,
                     "; all workers of a job must run the same version"));
  }
  header.buffer = Get<uint8_t>(bytes, 7);
  header.generation = Get<int64_t>(bytes, 8);
  header.step = Get<int64_t>(bytes, 16);
  header.attempt = Get<uint32_t>(bytes, 24);
  header.fingerprint = Get<uint32_t>(bytes, 28);
  header.ring_step = Get<uint16_t>(bytes, 32);
  header.block = Get<uint16_t>(bytes, 34);
  header.chunk = Get<uint32_t>(bytes, 36);
  header.offset = Get<int64_t>(bytes, 40);
  header.length = Get<uint32_t>(bytes, 48);
  header.payload_crc = Get<uint32_t>(bytes, 56);
  header.element_sum = Get<uint32_t>(bytes, 60);
  return header;
}

}  // namespace ropewalk
