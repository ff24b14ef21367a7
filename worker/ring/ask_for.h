#pragma once

#include <cstdint>

namespace ropewalk {

// Asks for memory that is needed soon, so that it is in the second cache by then: processors by
// themselves do not look beyond a page. Harmless for memory that is not there.
inline void AskFor(const void* memory, int64_t bytes) {
  constexpr int64_t kLine = 64;
  const auto* const begin = static_cast<const char*>(memory);
  for (int64_t i = 0; i < bytes; i += kLine)
    __builtin_prefetch(begin + i, /*rw=*/0, /*locality=*/2);
}

}  // namespace ropewalk
