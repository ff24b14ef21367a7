#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

// The L2 norm, summed in double precision over blocks of kNormBlock elements in a fixed order: the
// same bits for any number of threads and on any processor.
double GradientNorm(absl::Span<const float> gradient);

inline constexpr int64_t kNormBlock = 4096;

// The same of a gradient that is yet to be written: calls write(begin, n) for blocks that together
// are all of it, at the same time on several threads, and reads a block while it is in the cache.
template <typename F>
double GradientNormOf(absl::Span<const float> gradient, F write);

// The factor that brings a gradient of this norm down to max_norm: 1 if it is not above, or if
// max_norm is 0.
double ClipScale(double norm, double max_norm);

// gradient *= factor.
void ScaleGradient(double factor, absl::Span<float> gradient);

// y = factor * x, of the same length; returns the norm of y.
double ScaledGradient(float factor, absl::Span<const float> x, absl::Span<float> y);

// What GradientNorm adds up: the squares of a block, and the root of the sum of the blocks.
double SumOfSquares(absl::Span<const float> block);
double NormOfBlocks(absl::Span<const double> sums);

template <typename F>
double GradientNormOf(absl::Span<const float> gradient, F write) {
  const int64_t n = gradient.size();
  static thread_local std::vector<double> kept;  // a step allocates nothing
  kept.resize((n + kNormBlock - 1) / kNormBlock);
  const absl::Span<double> sums = absl::MakeSpan(kept);
  ParallelFor(sums.size(), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t first = b * kNormBlock, count = std::min(kNormBlock, n - first);
      write(first, count);
      sums[b] = SumOfSquares(gradient.subspan(first, count));
    }
  });
  return NormOfBlocks(sums);
}

}  // namespace ropewalk
