#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/optim/optimizer.h"

namespace ropewalk {

// Adam with decoupled weight decay (Loshchilov & Hutter, 2019). With lr the learning rate times the
// tensor's factor:
//   p -= lr * weight_decay * p            (tensors that decay)
//   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
//   p -= lr * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)
// State: "adam_m" and "adam_v", float32, one number each for each parameter.
class AdamW final : public Optimizer {
 public:
  AdamW(const OptimizerOptions& options, std::vector<OptimizedTensor> tensors);

  OptimizerStateSizes StateSizes() const override;
  void Step(double learning_rate, int64_t step, float gradient_scale,
            absl::Span<const float> gradient, absl::Span<float> parameters,
            OptimizerState* state) const override;

 private:
  const OptimizerOptions options_;
  const std::vector<OptimizedTensor> tensors_;
};

// What is the same for all elements of a tensor in one step.
struct AdamWFactors {
  float gradient_scale;
  float beta1, one_minus_beta1, beta2, one_minus_beta2;
  float step_size;     // lr / (1 - beta1^step)
  float v_correction;  // 1 / sqrt(1 - beta2^step)
  float epsilon;
  float shrink;  // 1 - lr * weight_decay, or 1
};
AdamWFactors FactorsOf(const OptimizerOptions& options, double learning_rate, int64_t step,
                       float gradient_scale, const OptimizedTensor& tensor);

// The update above of n elements, in one pass.
void AdamWUpdate(AdamWFactors factors, int64_t n, const float* g, float* p, float* m, float* v);

}  // namespace ropewalk
