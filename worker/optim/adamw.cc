#include "worker/optim/adamw.h"

#include <cmath>
#include <utility>

#include "worker/optim/stretches.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// std::pow differs in the last bit from one processor to the next.
double Power(double base, int64_t exponent) {
  double power = 1.0;
  for (; exponent > 0; exponent /= 2, base *= base) {
    if (exponent % 2 == 1) power *= base;
  }
  return power;
}

ROPEWALK_SIMD void Update(const AdamWFactors f, int64_t n, const float* __restrict g,
                          float* __restrict p, float* __restrict m, float* __restrict v) {
  for (int64_t i = 0; i < n; ++i) {
    const float slope = f.gradient_scale * g[i];
    m[i] = f.beta1 * m[i] + f.one_minus_beta1 * slope;
    v[i] = f.beta2 * v[i] + f.one_minus_beta2 * slope * slope;
    p[i] = f.shrink * p[i] - f.step_size * m[i] / (std::sqrt(v[i]) * f.v_correction + f.epsilon);
  }
}

}  // namespace

AdamWFactors FactorsOf(const OptimizerOptions& options, double learning_rate, int64_t step,
                       float gradient_scale, const OptimizedTensor& tensor) {
  const double rate = learning_rate * tensor.learning_rate_factor;
  const double decay = tensor.decay ? options.weight_decay : 0.0;
  return {
      .gradient_scale = gradient_scale,
      .beta1 = static_cast<float>(options.beta1),
      .one_minus_beta1 = static_cast<float>(1.0 - options.beta1),
      .beta2 = static_cast<float>(options.beta2),
      .one_minus_beta2 = static_cast<float>(1.0 - options.beta2),
      .step_size = static_cast<float>(rate / (1.0 - Power(options.beta1, step))),
      .v_correction = static_cast<float>(1.0 / std::sqrt(1.0 - Power(options.beta2, step))),
      .epsilon = static_cast<float>(options.epsilon),
      .shrink = static_cast<float>(1.0 - rate * decay),
  };
}

void AdamWUpdate(AdamWFactors factors, int64_t n, const float* g, float* p, float* m, float* v) {
  Update(factors, n, g, p, m, v);
}

AdamW::AdamW(const OptimizerOptions& options, std::vector<OptimizedTensor> tensors)
    : options_(options), tensors_(std::move(tensors)) {}

OptimizerStateSizes AdamW::StateSizes() const {
  const int64_t size = TotalSize(tensors_);
  return {.floats = {{"adam_m", size}, {"adam_v", size}}, .bytes = {}};
}

void AdamW::Step(double learning_rate, int64_t step, float gradient_scale,
                 absl::Span<const float> gradient, absl::Span<float> parameters,
                 OptimizerState* state) const {
  float* const m = state->floats.at("adam_m").data();
  float* const v = state->floats.at("adam_v").data();
  ForEachStretch(tensors_,
                 [&](const OptimizedTensor& tensor, int64_t at, int64_t state_at, int64_t n) {
                   AdamWUpdate(FactorsOf(options_, learning_rate, step, gradient_scale, tensor), n,
                               &gradient[at], &parameters[at], m + state_at, v + state_at);
                 });
}

}  // namespace ropewalk
