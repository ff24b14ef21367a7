#pragma once

#include <cstdint>

#include "worker/model/linear_hook.h"
#include "worker/ops/bias.h"
#include "worker/ops/linear_weight.h"

namespace ropewalk {

// Where the gradients of a linear layer's weights are to be added; null: not at all.
template <typename T>
struct LinearGradients {
  T* matrix = nullptr;  // [out, in]
  T* bias = nullptr;    // [out]
};

// A linear layer with what a method adds to it. Not thread-safe.
template <typename T>
class LinearLayer {
 public:
  // All must outlive the layer; `bias` [out] and `hook` may be null.
  LinearLayer(const LinearWeight<T>& weight, const T* bias, LinearHook<T>* hook, int64_t place)
      : weight_(&weight),
        bias_(bias),
        hook_(hook != nullptr && hook->Covers(place) ? hook : nullptr),
        place_(place) {}

  // y [rows, out] = x [rows, in] Wᵀ, and the hook's part, and the bias.
  void Forward(int64_t rows, const T* x, T* y) const {
    weight_->Forward(rows, x, y);
    if (hook_ != nullptr) hook_->Forward(place_, x, y);
    if (bias_ != nullptr) AddBias(rows, weight_->out(), bias_, y);
  }

  // From dy [rows, out]: dx [rows, in] is overwritten, or added to if `accumulate`, unless it is
  // null.
  void Backward(int64_t rows, const T* x, const T* dy, T* dx, bool accumulate,
                const LinearGradients<T>& gradients) const {
    if (dx != nullptr) weight_->BackwardInput(rows, dy, dx, accumulate);
    if (hook_ != nullptr) hook_->Backward(place_, x, dy, dx);
    if (gradients.matrix != nullptr) {
      AddWeightGradient(rows, weight_->out(), weight_->in(), dy, x, gradients.matrix);
    }
    if (gradients.bias != nullptr) AddBiasGradient(rows, weight_->out(), dy, gradients.bias);
  }

 private:
  const LinearWeight<T>* weight_;
  const T* bias_;
  LinearHook<T>* hook_;
  int64_t place_;
};

}  // namespace ropewalk
