#include "worker/train/fixed_point.h"

#include <algorithm>
#include <bit>

#include "worker/optim/gradient_norm.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

static_assert(kNormBlock % kBlockSize == 0);

// Adding 1.5 * 2^52 to a double of less than 2^31 leaves its nearest integer in the low 32 bits of
// the mantissa.
constexpr double kRounder = 6755399441055744.0;

// 2^(fraction_bits - (scale - 126)).
constexpr double Multiplier(uint8_t scale, int fraction_bits) {
  return std::bit_cast<double>(static_cast<uint64_t>(1023 + fraction_bits + 126 - scale) << 52);
}

// The exponent byte of the largest magnitude. Magnitudes of floats are ordered as their bits are.
ROPEWALK_SIMD uint8_t LargestExponent(int64_t n, const float* x) {
  int32_t largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    largest = std::max(largest, std::bit_cast<int32_t>(x[i]) & 0x7fffffff);
  }
  return static_cast<uint8_t>(largest >> 23);
}

ROPEWALK_SIMD void Accumulate(int64_t n, double multiplier, const float* __restrict x,
                              int32_t* __restrict sums) {
  for (int64_t i = 0; i < n; ++i) {
    const auto rounded =
        static_cast<uint32_t>(std::bit_cast<uint64_t>(x[i] * multiplier + kRounder));
    sums[i] = static_cast<int32_t>(static_cast<uint32_t>(sums[i]) + rounded);
  }
}

ROPEWALK_SIMD void Expand(int64_t n, double multiplier, const int32_t* __restrict sums,
                          float* __restrict x) {
  for (int64_t i = 0; i < n; ++i) x[i] = static_cast<float>(sums[i] * multiplier);
}

// Calls f(block, first, count) for the blocks of elements [begin, end), where begin is a block's
// first.
template <typename F>
void ForEachBlockOf(int64_t begin, int64_t end, F f) {
  for (int64_t first = begin; first < end; first += kBlockSize) {
    f(first / kBlockSize, first, std::min(kBlockSize, end - first));
  }
}

// The same for every block of n elements, blocks shared among threads.
template <typename F>
void ForEachBlock(int64_t n, F f) {
  static_assert(kLoopBlock % kBlockSize == 0);
  ParallelForElements(n, [&](int64_t begin, int64_t end) { ForEachBlockOf(begin, end, f); });
}

}  // namespace

int FractionBits(int64_t terms) { return 30 - std::bit_width(static_cast<uint64_t>(terms - 1)); }

void MaxExponents(absl::Span<const float> x, absl::Span<uint8_t> exponents) {
  ForEachBlock(x.size(), [&](int64_t b, int64_t first, int64_t count) {
    exponents[b] = std::max(exponents[b], LargestExponent(count, &x[first]));
  });
}

void AccumulateFixedPoint(absl::Span<const float> x, absl::Span<const uint8_t> scales,
                          int fraction_bits, absl::Span<int32_t> sums) {
  ForEachBlock(x.size(), [&](int64_t b, int64_t first, int64_t count) {
    if (scales[b] == 0) return;
    Accumulate(count, Multiplier(scales[b], fraction_bits), &x[first], &sums[first]);
  });
}

void MeasureAndAccumulate(absl::Span<const float> x, absl::Span<const uint8_t> scales,
                          int fraction_bits, absl::Span<uint8_t> exponents,
                          absl::Span<int32_t> sums) {
  ForEachBlock(x.size(), [&](int64_t b, int64_t first, int64_t count) {
    exponents[b] = std::max(exponents[b], LargestExponent(count, &x[first]));
    if (scales[b] == 0) return;
    Accumulate(count, Multiplier(scales[b], fraction_bits), &x[first], &sums[first]);
  });
}

double FromFixedPoint(absl::Span<const int32_t> sums, absl::Span<const uint8_t> scales,
                      int fraction_bits, double factor, absl::Span<float> x) {
  return GradientNormOf(x, [&](int64_t begin, int64_t n) {
    ForEachBlockOf(begin, begin + n, [&](int64_t b, int64_t first, int64_t count) {
      const double multiplier =
          scales[b] == 0 ? 0.0 : factor / Multiplier(scales[b], fraction_bits);
      Expand(count, multiplier, &sums[first], &x[first]);
    });
  });
}

}  // namespace ropewalk
