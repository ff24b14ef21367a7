#pragma once

#include <bit>
#include <cstdint>

namespace ropewalk {

// The upper half of a float32.
using Bfloat16 = uint16_t;

// Rounds to nearest, ties to even; a NaN stays one.
constexpr Bfloat16 ToBfloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const uint32_t quiet_nan = (bits >> 16) | 0x40;
  return static_cast<Bfloat16>((bits & 0x7fffffff) > 0x7f800000 ? quiet_nan : rounded);
}

constexpr float FromBfloat16(Bfloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

}  // namespace ropewalk
