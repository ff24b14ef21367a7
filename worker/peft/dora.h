#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/ops/linear_weight.h"
#include "worker/ops/lora.h"

namespace ropewalk {

// Weight-decomposed low-rank adaptation (Liu et al., 2024) of one linear layer, as PEFT has it:
//   y = g u,  u = x Wᵀ + s x Aᵀ Bᵀ,  g = magnitude / ‖W + s B A‖ of each output's row,
// where the norm counts as a constant for the gradient. Not thread-safe.
template <typename T>
class Dora {
 public:
  // The layer's weight, which must outlive this, and its values [out, in].
  void SetBase(const LinearWeight<T>* weight, absl::Span<const T> values);

  // ‖W‖ of each row [out]: the magnitudes to start from.
  std::vector<T> BaseNorms() const;

  // Computes g from a [rank, in], b [out, rank] and magnitude [out]. W + s B A is not formed: its
  // norms come from those of W, from A Wᵀ and from A Aᵀ.
  void Update(const LoraShape& shape, const T* a, const T* b, const T* magnitude);

  const LinearWeight<T>& weight() const { return *weight_; }

  // u [rows, out] becomes g u.
  void Scale(int64_t rows, T* u) const;

  // From dy and u [rows, out]: d_magnitude [out] += the gradient by the magnitudes, and u becomes
  // g dy, the gradient by u.
  void Backward(int64_t rows, const T* dy, T* u, T* d_magnitude) const;

 private:
  const LinearWeight<T>* weight_ = nullptr;
  std::vector<double> squared_norms_;  // [out], of W
  std::vector<T> norms_;               // [out], of W + s B A
  std::vector<T> gains_;               // [out], g
  std::vector<T> aw_;                  // [rank, out]
  std::vector<T> gram_;                // [rank, rank]
};

}  // namespace ropewalk
