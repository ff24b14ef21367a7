#include "worker/optim/sgd.h"

#include <utility>

#include "worker/optim/stretches.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

struct Factors {
  float gradient_scale, rate, decay, momentum;
};

ROPEWALK_SIMD void Plain(const Factors f, int64_t n, const float* __restrict g,
                         float* __restrict p) {
  for (int64_t i = 0; i < n; ++i) p[i] -= f.rate * (f.gradient_scale * g[i] + f.decay * p[i]);
}

ROPEWALK_SIMD void Heavy(const Factors f, int64_t n, const float* __restrict g, float* __restrict p,
                         float* __restrict b) {
  for (int64_t i = 0; i < n; ++i) {
    b[i] = f.momentum * b[i] + (f.gradient_scale * g[i] + f.decay * p[i]);
    p[i] -= f.rate * b[i];
  }
}

ROPEWALK_SIMD void Nesterov(const Factors f, int64_t n, const float* __restrict g,
                            float* __restrict p, float* __restrict b) {
  for (int64_t i = 0; i < n; ++i) {
    const float slope = f.gradient_scale * g[i] + f.decay * p[i];
    b[i] = f.momentum * b[i] + slope;
    p[i] -= f.rate * (slope + f.momentum * b[i]);
  }
}

}  // namespace

Sgd::Sgd(const OptimizerOptions& options, std::vector<OptimizedTensor> tensors)
    : options_(options), tensors_(std::move(tensors)) {}

OptimizerStateSizes Sgd::StateSizes() const {
  if (options_.momentum == 0) return {};
  return {.floats = {{"momentum", TotalSize(tensors_)}}, .bytes = {}};
}

void Sgd::Step(double learning_rate, int64_t, float gradient_scale,
               absl::Span<const float> gradient, absl::Span<float> parameters,
               OptimizerState* state) const {
  const bool remembers = options_.momentum != 0;
  float* const momentum = remembers ? state->floats.at("momentum").data() : nullptr;
  ForEachStretch(
      tensors_, [&](const OptimizedTensor& tensor, int64_t at, int64_t state_at, int64_t n) {
        const Factors factors = {gradient_scale,
                                 static_cast<float>(learning_rate * tensor.learning_rate_factor),
                                 static_cast<float>(tensor.decay ? options_.weight_decay : 0.0),
                                 static_cast<float>(options_.momentum)};
        if (!remembers) return Plain(factors, n, &gradient[at], &parameters[at]);
        const auto update = options_.nesterov ? Nesterov : Heavy;
        update(factors, n, &gradient[at], &parameters[at], momentum + state_at);
      });
}

}  // namespace ropewalk
