#include "worker/optim/gradient_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

constexpr int64_t kBlock = 4096;
constexpr int64_t kLanes = 16;  // partial sums that do not wait for one another

ROPEWALK_SIMD double SumOfSquares(int64_t n, const float* x) {
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

}  // namespace

double GradientNorm(absl::Span<const float> gradient) {
  const int64_t n = gradient.size();
  std::vector<double> sums((n + kBlock - 1) / kBlock);
  ParallelFor(sums.size(), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      sums[b] = SumOfSquares(std::min(kBlock, n - b * kBlock), &gradient[b * kBlock]);
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

double ClipScale(double norm, double max_norm) {
  return max_norm > 0 && norm > max_norm ? max_norm / norm : 1.0;
}

void ScaleGradient(double factor, absl::Span<float> gradient) {
  if (factor == 1.0) return;
  const float scale = static_cast<float>(factor);
  ParallelFor(gradient.size(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) gradient[i] *= scale;
  });
}

}  // namespace ropewalk
