#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/input_file.h"
#include "services/registry/xet/chunk_reader.h"
#include "services/registry/xet/xorb.h"

namespace ropewalk {

// A xorb in a file: as it came, then a table of where its chunks end, by which a chunk is found
// without reading those before it. Thread-safe.
class XorbFile {
 public:
  // What goes behind the xorb.
  static std::string FormatTable(const std::vector<ChunkEnd>& ends);

  // NOT_FOUND: there is no such file. DATA_LOSS: it does not end with a table.
  static absl::StatusOr<XorbFile> Open(const std::string& path);

  uint32_t chunks() const { return chunks_; }

  // DATA_LOSS: the table cannot be right.
  absl::StatusOr<std::vector<ChunkEnd>> ReadEnds() const;

  // Chunks [begin, end). INVALID_ARGUMENT: there are not as many. DATA_LOSS: as above.
  absl::StatusOr<std::unique_ptr<ChunkReader>> Read(uint32_t begin, uint32_t end) const;

  // Unpacks and hashes everything. DATA_LOSS: the chunks are not those of the xorb.
  absl::Status Check(const XetHash& hash) const;

 private:
  XorbFile(std::shared_ptr<const InputFile> file, int64_t size_bytes, uint32_t chunks)
      : file_(std::move(file)), table_(size_bytes), chunks_(chunks) {}

  absl::StatusOr<ChunkEnd> ReadEnd(uint32_t chunks) const;

  std::shared_ptr<const InputFile> file_;
  int64_t table_;  // Where it begins.
  uint32_t chunks_;
};

}  // namespace ropewalk
