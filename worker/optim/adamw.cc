#include "worker/optim/adamw.h"

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
};

ROPEWALK_SIMD void Update(const Factors& f, int64_t n, const float* g, float* p, float* m, float* v) {
  for (int64_t i = 0; i < n; ++i) {
    m[i] = f.beta1 * m[i] + f.one_minus_beta1 * g[i];
    v[i] = f.beta2 * v[i] + f.one_minus_beta2 * g[i] * g[i];
    p[i] -= f.step_size * m[i] / (std::sqrt(v[i]) * f.v_correction + f.epsilon);
  }
}

void Shrink(float factor, int64_t n, float* p) {
  for (int64_t i = 0; i < n; ++i) p[i] *= factor;
}

}  // namespace

void AdamWStep(const AdamWOptions& options, double learning_rate, int64_t step, absl::Span<const float> gradient,
               const std::vector<DecayRange>& decay, absl::Span<float> parameters, absl::Span<float> m,
               absl::Span<float> v) {
  if (options.weight_decay > 0) {
    const float factor = static_cast<float>(1.0 - learning_rate * options.weight_decay);
    for (const DecayRange& range : decay) Shrink(factor, range.size, parameters.data() + range.offset);
  }
  const Factors factors{
      static_cast<float>(options.beta1),
      static_cast<float>(1.0 - options.beta1),
      static_cast<float>(options.beta2),
      static_cast<float>(1.0 - options.beta2),
      static_cast<float>(learning_rate / (1.0 - std::pow(options.beta1, step))),
      static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(options.beta2, step))),
      static_cast<float>(options.epsilon)};
  ParallelFor(gradient.size(), [&](int64_t begin, int64_t end) {
    Update(factors, end - begin, &gradient[begin], &parameters[begin], &m[begin], &v[begin]);
  });
}

}  // namespace ropewalk
