#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace ropewalk {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
};

// A part of the parameter vector to which weight decay applies.
struct DecayRange {
  int64_t offset = 0;
  int64_t size = 0;
};

// One step of Adam with decoupled weight decay (Loshchilov & Hutter, 2019), in one pass. With step
// counted from 1:
//   p -= learning_rate * weight_decay * p            (in the decay ranges)
//   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
//   p -= learning_rate * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)
// All spans have the same length; ranges are ordered and do not overlap. The same bits for any
// number of threads and on any processor.
void AdamWStep(const AdamWOptions& options, double learning_rate, int64_t step,
               absl::Span<const float> gradient, const std::vector<DecayRange>& decay,
               absl::Span<float> parameters, absl::Span<float> m, absl::Span<float> v);

}  // namespace ropewalk
