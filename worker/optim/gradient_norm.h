#pragma once

#include "absl/types/span.h"

namespace ropewalk {

// The L2 norm, summed in double precision over blocks of a fixed size in a fixed order: the same
// bits for any number of threads and on any processor.
double GradientNorm(absl::Span<const float> gradient);

// The factor that brings a gradient of this norm down to max_norm: 1 if it is not above, or if
// max_norm is 0.
double ClipScale(double norm, double max_norm);

// gradient *= factor.
void ScaleGradient(double factor, absl::Span<float> gradient);

}  // namespace ropewalk
