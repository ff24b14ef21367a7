#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/ring/ring_buffer.h"

namespace ropewalk {

// What a message between neighbours is about.
enum class ChunkKind : uint8_t {
  kElements = 1,
  // No elements: the sender waits for its own predecessor, so the hop from it is sound.
  kWaiting = 2,
};

// The header of a chunk: 64 bytes, little-endian, as they stand here.
//
//   offset size                          offset size
//        0  4   magic "RWCH"                 32  2   ring step
//        4  1   version, 3                   34  2   block
//        5  1   kind                         36  4   chunk, within the block
//        6  1   op                           40  8   offset, elements from the buffer's start
//        7  1   buffer                       48  4   length, bytes of the payload
//        8  8   generation                   52  4   header's CRC, with 0 here
//       16  8   step                         56  4   payload's CRC
//       24  4   attempt                      60  4   sum of its elements
//       28  4   fingerprint of the schedule
//
// CRCs are CRC-32C. TCP's own 16-bit sum misses one error in 65536, and none guards what happens
// outside the wire: so chunks of int32 that go round a ring carry the sum of their elements, modulo
// 2^32, to which each rank adds that of what it adds. It does not come from the elements that are
// sent, which it therefore checks. In others it is 0.
struct ChunkHeader {
  ChunkKind kind = ChunkKind::kElements;
  ReduceOp op = ReduceOp::kSumInt32;
  uint8_t buffer = 0;
  int64_t generation = 0;
  int64_t step = 0;
  uint32_t attempt = 0;
  uint32_t fingerprint = 0;
  uint16_t ring_step = 0;
  uint16_t block = 0;
  uint32_t chunk = 0;
  int64_t offset = 0;
  uint32_t length = 0;
  uint32_t payload_crc = 0;
  uint32_t element_sum = 0;

  bool operator==(const ChunkHeader&) const = default;
};

constexpr int kChunkHeaderBytes = 64;
using EncodedChunkHeader = std::array<uint8_t, kChunkHeaderBytes>;

EncodedChunkHeader EncodeChunkHeader(const ChunkHeader& header);

// DATA_LOSS: the CRC is wrong. INVALID_ARGUMENT: the magic, version, kind or op is not known.
absl::StatusOr<ChunkHeader> DecodeChunkHeader(const EncodedChunkHeader& bytes);

}  // namespace ropewalk
