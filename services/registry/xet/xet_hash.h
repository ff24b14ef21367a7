#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/registry/xet/blake3.h"

namespace ropewalk {

// The hashes of the Xet protocol
// (https://github.com/huggingface/hub-docs/blob/main/docs/xet/hashing.md). Pure.

using XetHash = Blake3Digest;

// A piece of a file as it is named everywhere.
struct HashedChunk {
  XetHash hash;
  uint64_t size_bytes = 0;
};

XetHash HashChunk(absl::string_view data);

// Of the chunks in their order; zeros if there are none.
XetHash HashXorb(std::vector<HashedChunk> chunks);
XetHash HashFile(std::vector<HashedChunk> chunks);

// 64 lower-case hex digits, each eight bytes in reverse: as four little-endian numbers.
std::string XetHashToHex(const XetHash& hash);

// Nothing unless `hex` is 64 hex digits.
std::optional<XetHash> ParseXetHash(absl::string_view hex);

}  // namespace ropewalk
