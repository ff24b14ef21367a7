#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/registry/xet/chunk.h"
#include "services/registry/xet/xet_hash.h"

namespace ropewalk {

// xet-core's: chunks of 64 MiB, uncompressed; their headers and a footer come on top.
constexpr int64_t kMaxXorbBytes = 65 << 20;
constexpr size_t kMaxXorbChunks = 8192;

// Where a chunk ends, from the beginning of its xorb: as it is stored, with its header, and of the
// chunks' own bytes.
struct ChunkEnd {
  uint32_t stored = 0;
  uint32_t size = 0;
};

// Checks a xorb while it comes, in pieces of any size. Needs little more memory than a chunk.
// Not thread-safe.
class XorbDecoder {
 public:
  // INVALID_ARGUMENT: it is not a xorb, or too large. Append nothing more then.
  absl::Status Append(absl::string_view piece);

  // INVALID_ARGUMENT: it ends too early, or its chunks are not those of `expected`.
  absl::Status Finish(const XetHash& expected);

  // Of the chunks so far.
  const std::vector<ChunkEnd>& ends() const { return ends_; }

 private:
  absl::Status TakePart(absl::string_view part);
  absl::Status TakeHeader(absl::string_view bytes);
  absl::Status TakeChunk(absl::string_view stored);

  int64_t received_bytes_ = 0;
  std::string part_;  // A header or the rest of a chunk that has not come whole.
  size_t part_bytes_ = kChunkHeaderBytes;
  bool in_header_ = true;
  bool in_footer_ = false;
  ChunkHeader header_;
  std::string chunk_;
  std::vector<HashedChunk> chunks_;
  std::vector<ChunkEnd> ends_;
};

}  // namespace ropewalk
