#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

namespace ropewalk {

// At least 16 random bytes, so that no two are the same, and fewer than `most` more.
inline std::string RandomBytes(size_t most, std::mt19937_64* random) {
  constexpr size_t kLeast = 16;
  const size_t count = kLeast + (*random)() % most;
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; i += sizeof(uint64_t)) {
    const uint64_t word = (*random)();
    std::memcpy(&bytes[i], &word, std::min(sizeof(word), count - i));
  }
  return bytes;
}

}  // namespace ropewalk
