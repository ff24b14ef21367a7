#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Consecutive chunks of a xorb as they lie in a blob.
struct ChunkPlace {
  uint32_t begin = 0;  // chunks [begin, end), never none
  uint32_t end = 0;
  std::string digest;
  int64_t offset = 0;  // of the first of them in the blob
};

// A stretch of a blob.
struct BlobStretch {
  std::string digest;
  int64_t offset = 0;
  int64_t length = 0;
};

// Where the chunks of a xorb lie in blobs, so that the xorb need not be kept. Pure.
struct XorbPlaces {
  // Where each chunk ends: bytes, uncompressed, from the beginning of the xorb.
  std::vector<uint32_t> ends;
  // In no order; chunks may be in several places, or in none.
  std::vector<ChunkPlace> places;

  // The stretches that make up chunks [begin, end); none if not all of them have a place.
  std::vector<BlobStretch> Find(uint32_t begin, uint32_t end) const;

  // Whether all chunks have a place.
  bool Complete() const;
};

// As text, and back. DATA_LOSS: `text` is not what was formatted.
std::string FormatXorbPlaces(const XorbPlaces& places);
absl::StatusOr<XorbPlaces> ParseXorbPlaces(absl::string_view text);

}  // namespace ropewalk
