#include "worker/optim/lion.h"

#include <utility>

#include "worker/optim/stretches.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

struct Factors {
  float gradient_scale;
  float beta1, one_minus_beta1, beta2, one_minus_beta2;
  float rate, shrink;
};

ROPEWALK_SIMD void Update(const Factors f, int64_t n, const float* __restrict g,
                          float* __restrict p, float* __restrict m) {
  for (int64_t i = 0; i < n; ++i) {
    const float slope = f.gradient_scale * g[i];
    const float direction = f.beta1 * m[i] + f.one_minus_beta1 * slope;
    const float move = direction > 0 ? f.rate : direction < 0 ? -f.rate : 0.0f;
    p[i] = f.shrink * p[i] - move;
    m[i] = f.beta2 * m[i] + f.one_minus_beta2 * slope;
  }
}

}  // namespace

Lion::Lion(const OptimizerOptions& options, std::vector<OptimizedTensor> tensors)
    : options_(options), tensors_(std::move(tensors)) {}

OptimizerStateSizes Lion::StateSizes() const {
  return {.floats = {{"lion_m", TotalSize(tensors_)}}, .bytes = {}};
}

void Lion::Step(double learning_rate, int64_t, float gradient_scale,
                absl::Span<const float> gradient, absl::Span<float> parameters,
                OptimizerState* state) const {
  float* const m = state->floats.at("lion_m").data();
  ForEachStretch(tensors_,
                 [&](const OptimizedTensor& tensor, int64_t at, int64_t state_at, int64_t n) {
                   const double rate = learning_rate * tensor.learning_rate_factor;
                   const double decay = tensor.decay ? options_.weight_decay : 0.0;
                   const Factors factors = {gradient_scale,
                                            static_cast<float>(options_.beta1),
                                            static_cast<float>(1.0 - options_.beta1),
                                            static_cast<float>(options_.beta2),
                                            static_cast<float>(1.0 - options_.beta2),
                                            static_cast<float>(rate),
                                            static_cast<float>(1.0 - rate * decay)};
                   Update(factors, n, &gradient[at], &parameters[at], m + state_at);
                 });
}

}  // namespace ropewalk
