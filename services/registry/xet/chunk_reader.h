#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace ropewalk {

// Consecutive chunks of a xorb, unpacked, on their way out. Not thread-safe.
class ChunkReader {
 public:
  virtual ~ChunkReader() = default;

  // Of all the chunks.
  virtual int64_t size_bytes() const = 0;

  // The next piece, at most 1 MiB; empty at the end.
  // DATA_LOSS: what lies on the disk is not what was put there.
  virtual absl::StatusOr<std::string> Next() = 0;
};

}  // namespace ropewalk
