#include "worker/train/fixed_point.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// Adding 1.5 * 2^52 to a double of less than 2^31 leaves its nearest integer in the low 32 bits of
// the mantissa.
constexpr double kRounder = 6755399441055744.0;

int32_t RoundToInt(double x) { return static_cast<int32_t>(std::bit_cast<uint64_t>(x + kRounder)); }

// 2^(fraction_bits - (scale - 126)).
double Multiplier(uint8_t scale, int fraction_bits) {
  return std::ldexp(1.0, fraction_bits - (static_cast<int>(scale) - 126));
}

// Calls f(block, first, count) for every block of n elements, blocks shared among threads.
template <typename F>
void ForEachBlock(int64_t n, F f) {
  ParallelFor(BlockCount(n), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      f(b, b * kBlockSize, std::min(kBlockSize, n - b * kBlockSize));
    }
  });
}

}  // namespace

int FractionBits(int64_t terms) { return 30 - std::bit_width(static_cast<uint64_t>(terms - 1)); }

void MaxExponents(absl::Span<const float> x, absl::Span<uint8_t> exponents) {
  ForEachBlock(x.size(), [&](int64_t b, int64_t first, int64_t count) {
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; ++i) {
      // Magnitudes of floats are ordered as their bits are.
      largest = std::max(largest, std::bit_cast<uint32_t>(x[first + i]) & 0x7fffffffu);
    }
    exponents[b] = std::max(exponents[b], static_cast<uint8_t>(largest >> 23));
  });
}

void AccumulateFixedPoint(absl::Span<const float> x, absl::Span<const uint8_t> scales,
                          int fraction_bits, absl::Span<int32_t> sums) {
  ForEachBlock(x.size(), [&](int64_t b, int64_t first, int64_t count) {
    if (scales[b] == 0) return;
    const double multiplier = Multiplier(scales[b], fraction_bits);
    const float* in = &x[first];
    int32_t* out = &sums[first];
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t sum =
          static_cast<uint32_t>(out[i]) + static_cast<uint32_t>(RoundToInt(in[i] * multiplier));
      out[i] = static_cast<int32_t>(sum);
    }
  });
}

void FromFixedPoint(absl::Span<const int32_t> sums, absl::Span<const uint8_t> scales,
                    int fraction_bits, double factor, absl::Span<float> x) {
  ForEachBlock(x.size(), [&](int64_t b, int64_t first, int64_t count) {
    const double multiplier = scales[b] == 0 ? 0.0 : factor / Multiplier(scales[b], fraction_bits);
    for (int64_t i = 0; i < count; ++i) {
      x[first + i] = static_cast<float>(sums[first + i] * multiplier);
    }
  });
}

}  // namespace ropewalk
