#pragma once

#include <cstdint>

namespace ropewalk::testing {

// How often operator new and aligned_alloc have been called. Linking this in replaces both; memory
// that C libraries (oneDNN's buffers, OpenMP's threads) take from malloc is not counted.
int64_t AllocationCount();

}  // namespace ropewalk::testing
