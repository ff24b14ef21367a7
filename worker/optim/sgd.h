#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/optim/optimizer.h"

namespace ropewalk {

// Stochastic gradient descent as PyTorch's SGD has it, with momentum and, by choice, Nesterov's
// look ahead. Decay is part of the gradient. With lr the learning rate times the tensor's factor:
//   g += weight_decay * p                 (tensors that decay)
//   b = momentum b + g
//   p -= lr * (nesterov ? g + momentum b : b)
// State: "momentum", float32, one number for each parameter; none if momentum is 0.
class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerOptions& options, std::vector<OptimizedTensor> tensors);

  OptimizerStateSizes StateSizes() const override;
  void Step(double learning_rate, int64_t step, float gradient_scale,
            absl::Span<const float> gradient, absl::Span<float> parameters,
            OptimizerState* state) const override;

 private:
  const OptimizerOptions options_;
  const std::vector<OptimizedTensor> tensors_;
};

}  // namespace ropewalk
