#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A chunk as it lies in a xorb: eight bytes of header, then its bytes, mostly compressed
// (https://github.com/huggingface/hub-docs/blob/main/docs/xet/xorb.md).

constexpr size_t kChunkHeaderBytes = 8;
constexpr size_t kMaxChunkBytes = 128 << 10;
// xet-core takes no more either; who compresses badly may need more than the bare chunk.
constexpr size_t kMaxStoredChunkBytes = 2 * kMaxChunkBytes;

enum class Compression {
  kNone = 0,
  kLz4 = 1,
  kGroupedLz4 = 2,  // The first bytes of all groups of four, then the second ones, ...; then LZ4.
};

struct ChunkHeader {
  Compression compression = Compression::kNone;
  size_t stored_bytes = 0;  // What follows the header; 1 to kMaxStoredChunkBytes.
  size_t size_bytes = 0;    // 1 to kMaxChunkBytes.
};

// INVALID_ARGUMENT: it is not eight bytes, or a number in it is not as above.
absl::StatusOr<ChunkHeader> ParseChunkHeader(absl::string_view bytes);

// Puts the chunk's own bytes in `chunk`, whatever was there. Takes memory for the size in the
// header and, once a thread, for what LZ4 needs: up to 9 MiB. Thread-safe.
// INVALID_ARGUMENT: `stored` is not what the header says, or unpacks to another size.
absl::Status UnpackChunk(const ChunkHeader& header, absl::string_view stored, std::string* chunk);

}  // namespace ropewalk
