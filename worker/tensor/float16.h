#pragma once

#include <bit>
#include <cstdint>

namespace ropewalk {

// IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction. The largest is 65504, the smallest
// 2^-24.
using Float16 = uint16_t;

inline constexpr float kMaxFloat16 = 65504.0f;

// Rounds to nearest, ties to even; what is too large becomes infinity, a NaN stays one.
constexpr Float16 ToFloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint32_t sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<Float16>(sign | 0x7e00);
  if (magnitude >= 0x477ff000) return static_cast<Float16>(sign | 0x7c00);  // 65520 and more
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24, as floats of [0.5, 1) are: adding 0.5 rounds.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<Float16>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000));
  }
  const uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return static_cast<Float16>(sign | ((rounded - 0x38000000) >> 13));
}

// Exact.
constexpr float FromFloat16(Float16 x) {
  const uint32_t sign = static_cast<uint32_t>(x & 0x8000) << 16;
  const uint32_t moved = static_cast<uint32_t>(x & 0x7fff) << 13;
  // A float's exponent has another bias, by 112; infinity and NaN have the largest of both. Halves
  // without a leading 1 are read as if they had one, which is then taken away.
  constexpr uint32_t kBias = 112u << 23, kLargest = 0x1fu << 23;
  uint32_t bits = moved + kBias;
  if ((moved & kLargest) == kLargest) bits += kBias;
  if ((moved & kLargest) == 0) {
    constexpr uint32_t kSmallestNormal = 113u << 23;  // 2^-14
    bits = std::bit_cast<uint32_t>(std::bit_cast<float>(moved + kSmallestNormal) -
                                   std::bit_cast<float>(kSmallestNormal));
  }
  return std::bit_cast<float>(bits | sign);
}

}  // namespace ropewalk
