#pragma once

#include <array>
#include <cstdint>

namespace ropewalk {

// Floats as bytes, block by block, the way bitsandbytes keeps the state of its 8-bit optimisers and
// the scales of 4-bit weights: a block's largest magnitude as float32, and for each element the
// index of the nearest of 256 numbers in [-1, 1], dense around 0 (the dynamic tree quantisation of
// Dettmers, "8-Bit Approximations for Parallelism in Deep Learning", 2016). Bit for bit the same
// numbers.
class DynamicMap {
 public:
  static constexpr int64_t kBlock = 256;  // elements that share a magnitude

  // For numbers of both signs, and for numbers that are never negative.
  static const DynamicMap& Signed();
  static const DynamicMap& Unsigned();

  // Ascending.
  const std::array<float, 256>& values() const { return values_; }

  // One block, n <= kBlock. A tie goes to the smaller number.
  void Quantize(int64_t n, const float* x, uint8_t* codes, float* magnitude) const;
  void Dequantize(int64_t n, const uint8_t* codes, float magnitude, float* x) const;

 private:
  explicit DynamicMap(bool has_sign);

  std::array<float, 256> values_;
  std::array<float, 255> bounds_;  // halfway from each number to the next
};

}  // namespace ropewalk
