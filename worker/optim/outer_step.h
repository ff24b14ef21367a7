#pragma once

#include "absl/types/span.h"

namespace ropewalk {

struct OuterOptions {
  double learning_rate = 0.7;
  double momentum = 0.9;
};

// The step that a team takes after each rank has taken some by itself (DiLoCo: Douillard et al.,
// 2023, whose settings the defaults are): SGD with Nesterov's momentum on the mean way that the
// ranks have gone, delta = factor * moved.
//
//   velocity = momentum * velocity + delta
//   parameters = parameters - learning_rate * (delta + momentum * velocity)
//
// All have the same length. The same bits for any number of threads and on any processor.
void OuterStep(const OuterOptions& options, float factor, absl::Span<const float> moved,
               absl::Span<float> parameters, absl::Span<float> velocity);

}  // namespace ropewalk
