#include "worker/optim/gradient_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

constexpr int64_t kBlock = 4096;

}  // namespace

double GradientNorm(absl::Span<const float> gradient) {
  const int64_t n = gradient.size(), blocks = (n + kBlock - 1) / kBlock;
  std::vector<double> sums(blocks);
  ParallelFor(blocks, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      double sum = 0;
      for (int64_t i = b * kBlock; i < std::min(n, (b + 1) * kBlock); ++i) {
        sum += static_cast<double>(gradient[i]) * gradient[i];
      }
      sums[b] = sum;
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

double ClipScale(double norm, double max_norm) { return max_norm > 0 && norm > max_norm ? max_norm / norm : 1.0; }

void ScaleGradient(double factor, absl::Span<float> gradient) {
  if (factor == 1.0) return;
  const float scale = static_cast<float>(factor);
  ParallelFor(gradient.size(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) gradient[i] *= scale;
  });
}

}  // namespace ropewalk
