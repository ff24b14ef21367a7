#include "worker/optim/outer_step.h"

#include <cstdint>

#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

ROPEWALK_SIMD void StepRun(int64_t n, float learning_rate, float momentum, float factor,
                           const float* moved, float* parameters, float* velocity) {
  for (int64_t i = 0; i < n; ++i) {
    const float delta = factor * moved[i];
    velocity[i] = momentum * velocity[i] + delta;
    parameters[i] -= learning_rate * (delta + momentum * velocity[i]);
  }
}

}  // namespace

void OuterStep(const OuterOptions& options, float factor, absl::Span<const float> moved,
               absl::Span<float> parameters, absl::Span<float> velocity) {
  const auto learning_rate = static_cast<float>(options.learning_rate);
  const auto momentum = static_cast<float>(options.momentum);
  ParallelForElements(moved.size(), [&](int64_t begin, int64_t end) {
    StepRun(end - begin, learning_rate, momentum, factor, &moved[begin], &parameters[begin],
            &velocity[begin]);
  });
}

}  // namespace ropewalk
