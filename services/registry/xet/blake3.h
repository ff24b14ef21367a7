#pragma once

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace ropewalk {

// BLAKE3 (https://github.com/BLAKE3-team/BLAKE3-specs) of bytes that are all at hand. Pure.

using Blake3Digest = std::array<uint8_t, 32>;

Blake3Digest Blake3(absl::string_view data);

// The keyed hash: another function for every key.
Blake3Digest Blake3Keyed(const Blake3Digest& key, absl::string_view data);

}  // namespace ropewalk
