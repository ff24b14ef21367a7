#pragma once

#include <bit>
#include <cstdint>

namespace ropewalk {

// The upper half of a float32.
using Bfloat16 = uint16_t;

// Rounds to nearest, ties to even; a NaN stays one. Of the ways to say so, the one whose vectors
// take the fewest instructions: one comparison, one shift, and words that fit into int16_t.
constexpr Bfloat16 ToBfloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
  const uint32_t quiet_nan = bits | 0x400000;
  return static_cast<Bfloat16>(static_cast<int32_t>(x != x ? quiet_nan : rounded) >> 16);
}

constexpr float FromBfloat16(Bfloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

}  // namespace ropewalk
