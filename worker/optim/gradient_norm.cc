#include "worker/optim/gradient_norm.h"

#include <cmath>

#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

constexpr int64_t kLanes = 16;  // partial sums that do not wait for one another

ROPEWALK_SIMD double Squares(int64_t n, const float* x) {
  double lanes[kLanes] = {};
  for (int64_t i = 0; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += static_cast<double>(x[i + lane]) * x[i + lane];
    }
  }
  for (int64_t i = n / kLanes * kLanes; i < n; ++i) lanes[0] += static_cast<double>(x[i]) * x[i];
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

ROPEWALK_SIMD void Scale(int64_t n, float factor, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

}  // namespace

double SumOfSquares(absl::Span<const float> block) { return Squares(block.size(), block.data()); }

double NormOfBlocks(absl::Span<const double> sums) {
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

double GradientNorm(absl::Span<const float> gradient) {
  return GradientNormOf(gradient, [](int64_t, int64_t) {});
}

double ClipScale(double norm, double max_norm) {
  return max_norm > 0 && norm > max_norm ? max_norm / norm : 1.0;
}

void ScaleGradient(double factor, absl::Span<float> gradient) {
  if (factor == 1.0) return;
  const float scale = static_cast<float>(factor);
  ParallelForElements(gradient.size(), [&](int64_t begin, int64_t end) {
    Scale(end - begin, scale, gradient.data() + begin, gradient.data() + begin);
  });
}

double ScaledGradient(float factor, absl::Span<const float> x, absl::Span<float> y) {
  return GradientNormOf(
      y, [&](int64_t begin, int64_t n) { Scale(n, factor, x.data() + begin, y.data() + begin); });
}

}  // namespace ropewalk
