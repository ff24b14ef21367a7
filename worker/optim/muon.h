#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/optim/adamw.h"
#include "worker/optim/optimizer.h"

namespace ropewalk {

// Muon (Jordan et al., 2024, as PyTorch's Muon has it): moves hidden matrices by orthogonal steps.
// With lr the learning rate times the tensor's factor and O the Newton-Schulz iteration:
//   b = momentum b + (1 - momentum) g
//   p -= lr * weight_decay * p            (tensors that decay)
//   p -= lr * s * O(nesterov ? momentum b + (1 - momentum) g : b)
// where s is max(1, rows / columns)^(1/2) (kOriginal), or 0.2 max(rows, columns)^(1/2), which gives
// updates of AdamW's usual size so that its learning rates serve (kMatchRmsAdamW). PyTorch iterates
// in bfloat16, this in float32. Every other tensor moves as AdamW moves it.
//
// State: "muon_momentum", float32, one number for each element of the matrices; AdamW's for the
// others.
class Muon final : public Optimizer {
 public:
  Muon(const OptimizerOptions& options, const std::vector<OptimizedTensor>& tensors);

  OptimizerStateSizes StateSizes() const override;
  void Step(double learning_rate, int64_t step, float gradient_scale,
            absl::Span<const float> gradient, absl::Span<float> parameters,
            OptimizerState* state) const override;

 private:
  void StepMatrix(double learning_rate, float gradient_scale, const OptimizedTensor& matrix,
                  absl::Span<const float> gradient, absl::Span<float> parameters,
                  absl::Span<float> momentum, std::vector<float>* direction) const;

  const OptimizerOptions options_;
  const std::vector<OptimizedTensor> matrices_;
  const AdamW others_;
};

}  // namespace ropewalk
