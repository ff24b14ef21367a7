#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace ropewalk {

// Gradients as integers. A vector is cut into blocks of kBlockSize elements; a block has one scale,
// an exponent byte e that covers every |x| < 2^(e - 126), and its elements become round(x *
// 2^(fraction_bits - (e - 126))). Integer sums do not depend on their order, so neither does what
// comes out of a ring of any size. Pure functions, the same bits for any number of threads.

inline constexpr int64_t kBlockSize = 256;

// Exponent bytes are those of float32: 0 stands for a block of zeros (subnormal numbers count as
// 0), kNonFinite for one that holds an infinity or a NaN.
inline constexpr uint8_t kNonFinite = 255;

constexpr int64_t BlockCount(int64_t elements) { return (elements + kBlockSize - 1) / kBlockSize; }

// The most fraction bits with which a sum of `terms` elements cannot leave int32: 30 -
// ceil(log2(terms)). REQUIRES: terms >= 1.
int FractionBits(int64_t terms);

// exponents[b] = max(exponents[b], exponent byte of the largest magnitude in block b of x).
// x: [n]; exponents: [BlockCount(n)].
void MaxExponents(absl::Span<const float> x, absl::Span<uint8_t> exponents);

// sums[i] += fixed point of x[i], modulo 2^32. Elements beyond their block's scale give a wrong
// sum, not an error: compare MaxExponents' result with the scales. x, sums: [n]; scales:
// [BlockCount(n)].
void AccumulateFixedPoint(absl::Span<const float> x, absl::Span<const uint8_t> scales,
                          int fraction_bits, absl::Span<int32_t> sums);

// Both in one pass.
void MeasureAndAccumulate(absl::Span<const float> x, absl::Span<const uint8_t> scales,
                          int fraction_bits, absl::Span<uint8_t> exponents,
                          absl::Span<int32_t> sums);

// x[i] = factor * the number that sums[i] stands for, rounded to float32. Shapes as above. Returns
// GradientNorm(x).
double FromFixedPoint(absl::Span<const int32_t> sums, absl::Span<const uint8_t> scales,
                      int fraction_bits, double factor, absl::Span<float> x);

}  // namespace ropewalk
