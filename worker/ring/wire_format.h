#pragma once

#include <cstdint>

namespace ropewalk {

// How float32 elements travel. Both shorter formats round to the nearest, ties to even; what is not
// finite is not finite when it arrives.
enum class WireFormat : uint8_t {
  kPlain = 0,     // as they are, 4 bytes each
  kBfloat16 = 1,  // 2 bytes each: the upper half of a float32, 8 bits of precision
  kInt8 = 2,      // of 256 elements: a float32 scale, the largest of them / 127; then 1 byte each
};

// Elements that share a scale; those of a message's end may be fewer.
constexpr int64_t kInt8Block = 256;

// Of `count` elements.
int64_t WireBytes(WireFormat format, int64_t count);

// Between `count` elements and their WireBytes, of any alignment. AddFloats adds to `sums` what it
// decodes.
void EncodeFloats(WireFormat format, const float* x, int64_t count, uint8_t* wire);
void DecodeFloats(WireFormat format, const uint8_t* wire, int64_t count, float* x);
void AddFloats(WireFormat format, const uint8_t* wire, int64_t count, float* sums);

}  // namespace ropewalk
