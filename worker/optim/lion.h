#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/optim/optimizer.h"

namespace ropewalk {

// Lion (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023): every parameter moves
// by the learning rate, whatever its gradient's size. With lr the learning rate times the tensor's
// factor:
//   p -= lr * weight_decay * p            (tensors that decay)
//   p -= lr * sign(beta1 m + (1 - beta1) g)
//   m = beta2 m + (1 - beta2) g
// State: "lion_m", float32, one number for each parameter.
class Lion final : public Optimizer {
 public:
  Lion(const OptimizerOptions& options, std::vector<OptimizedTensor> tensors);

  OptimizerStateSizes StateSizes() const override;
  void Step(double learning_rate, int64_t step, float gradient_scale,
            absl::Span<const float> gradient, absl::Span<float> parameters,
            OptimizerState* state) const override;

 private:
  const OptimizerOptions options_;
  const std::vector<OptimizedTensor> tensors_;
};

}  // namespace ropewalk
