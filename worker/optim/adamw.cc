#include "worker/optim/adamw.h"

#include <algorithm>
#include <cmath>

#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

struct Factors {
  float beta1, one_minus_beta1, beta2, one_minus_beta2;
  float step_size;     // learning_rate / (1 - beta1^step)
  float v_correction;  // 1 / sqrt(1 - beta2^step)
  float epsilon;
  float shrink;  // 1 - learning_rate * weight_decay
};

// std::pow differs in the last bit from one processor to the next.
double Power(double base, int64_t exponent) {
  double power = 1.0;
  for (; exponent > 0; exponent /= 2, base *= base) {
    if (exponent % 2 == 1) power *= base;
  }
  return power;
}

Factors FactorsOf(const AdamWOptions& options, double learning_rate, int64_t step) {
  return {
      .beta1 = static_cast<float>(options.beta1),
      .one_minus_beta1 = static_cast<float>(1.0 - options.beta1),
      .beta2 = static_cast<float>(options.beta2),
      .one_minus_beta2 = static_cast<float>(1.0 - options.beta2),
      .step_size = static_cast<float>(learning_rate / (1.0 - Power(options.beta1, step))),
      .v_correction = static_cast<float>(1.0 / std::sqrt(1.0 - Power(options.beta2, step))),
      .epsilon = static_cast<float>(options.epsilon),
      .shrink = static_cast<float>(1.0 - learning_rate * options.weight_decay),
  };
}

ROPEWALK_SIMD void Update(const Factors f, float shrink, int64_t n, const float* __restrict g,
                          float* __restrict p, float* __restrict m, float* __restrict v) {
  for (int64_t i = 0; i < n; ++i) {
    m[i] = f.beta1 * m[i] + f.one_minus_beta1 * g[i];
    v[i] = f.beta2 * v[i] + f.one_minus_beta2 * g[i] * g[i];
    p[i] = shrink * p[i] - f.step_size * m[i] / (std::sqrt(v[i]) * f.v_correction + f.epsilon);
  }
}

// Calls f(begin, end, decays) for the stretches of [begin, end) inside and outside the ranges.
template <typename F>
void ForEachStretch(const std::vector<DecayRange>& decay, int64_t begin, int64_t end, F f) {
  for (const DecayRange& range : decay) {
    const int64_t from = std::clamp(range.offset, begin, end);
    const int64_t to = std::clamp(range.offset + range.size, begin, end);
    if (begin < from) f(begin, from, false);
    if (from < to) f(from, to, true);
    begin = to;
  }
  if (begin < end) f(begin, end, false);
}

}  // namespace

void AdamWStep(const AdamWOptions& options, double learning_rate, int64_t step,
               absl::Span<const float> gradient, const std::vector<DecayRange>& decay,
               absl::Span<float> parameters, absl::Span<float> m, absl::Span<float> v) {
  const Factors factors = FactorsOf(options, learning_rate, step);
  ParallelFor(gradient.size(), [&](int64_t part_begin, int64_t part_end) {
    ForEachStretch(decay, part_begin, part_end, [&](int64_t begin, int64_t end, bool decays) {
      Update(factors, decays ? factors.shrink : 1.0f, end - begin, &gradient[begin],
             &parameters[begin], &m[begin], &v[begin]);
    });
  });
}

}  // namespace ropewalk
