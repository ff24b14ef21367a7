#pragma once

#include <cstdint>

namespace ropewalk {

// The innermost loops of a reduction, over `count` elements that lie in the first cache. Bytes that
// came from elsewhere are of any alignment; `result` may be `mine`. Sums are modulo 2^32, and those
// of elements that are not int32 are 0.

struct ElementSums {
  uint32_t theirs = 0;
  uint32_t result = 0;
};

// result[i] = mine[i] + theirs[i]; unsigned, because signed overflow is undefined.
ElementSums AddInt32(const uint32_t* mine, const uint8_t* theirs, uint32_t* result, int64_t count);
ElementSums AddFloat32(const float* mine, const uint8_t* theirs, float* result, int64_t count);

// result[i] = the larger of mine[i] and theirs[i].
ElementSums TakeLargerUint8(const uint8_t* mine, const uint8_t* theirs, uint8_t* result,
                            int64_t count);

// The sum of the elements; the second copies them, too.
uint32_t SumOfInt32(const uint8_t* elements, int64_t count);
uint32_t CopyInt32(const uint8_t* from, int64_t count, uint8_t* to);

}  // namespace ropewalk
