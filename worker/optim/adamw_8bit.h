#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/optim/adamw.h"
#include "worker/optim/optimizer.h"

namespace ropewalk {

// AdamW with both moments as bytes (Dettmers et al., "8-bit Optimizers via Block-wise
// Quantization", 2022; as bitsandbytes' AdamW8bit has it): a quarter of the state. A step expands a
// block of 256, updates it as AdamW does and quantises it again (see worker/tensor/dynamic_map.h).
// Tensors of fewer than 4096 elements keep float32.
//
// State of the large tensors, one after another: "adam_m8" and "adam_v8", a byte for each
// parameter; "adam_m_magnitudes" and "adam_v_magnitudes", float32, one for each block; blocks do
// not span tensors. Of the small ones: AdamW's.
class AdamW8Bit final : public Optimizer {
 public:
  static constexpr int64_t kSmallest = 4096;  // elements of a tensor with 8-bit state

  AdamW8Bit(const OptimizerOptions& options, const std::vector<OptimizedTensor>& tensors);

  OptimizerStateSizes StateSizes() const override;
  void Step(double learning_rate, int64_t step, float gradient_scale,
            absl::Span<const float> gradient, absl::Span<float> parameters,
            OptimizerState* state) const override;

 private:
  struct Block {
    size_t tensor;     // among large_
    int64_t at;        // among the parameters
    int64_t state_at;  // among the bytes
    int64_t size;
  };

  const OptimizerOptions options_;
  std::vector<OptimizedTensor> large_;
  std::vector<Block> blocks_;  // of large_
  const AdamW small_;
};

}  // namespace ropewalk
