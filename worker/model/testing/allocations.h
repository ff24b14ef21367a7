#pragma once

#include <cstdint>

namespace ropewalk::testing {

// How often operator new has been called. Linking this in replaces operator new; memory that C
// libraries (oneDNN's buffers, OpenMP's threads) take from malloc is not counted.
int64_t AllocationCount();

}  // namespace ropewalk::testing
