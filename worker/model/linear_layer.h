#pragma once

#include <cstdint>

#include "worker/model/linear_hook.h"
#include "worker/ops/linear_weight.h"

namespace ropewalk {

// A linear layer with what a method adds to it. Not thread-safe.
template <typename T>
class LinearLayer {
 public:
  // `weight` and `hook`, which may be null, must outlive the layer.
  LinearLayer(const LinearWeight<T>& weight, LinearHook<T>* hook, int64_t place)
      : weight_(&weight),
        hook_(hook != nullptr && hook->Covers(place) ? hook : nullptr),
        place_(place) {}

  // y [rows, out] = x [rows, in] Wᵀ, and the hook's part.
  void Forward(int64_t rows, const T* x, T* y) const {
    weight_->Forward(rows, x, y);
    if (hook_ != nullptr) hook_->Forward(place_, x, y);
  }

  // From dy [rows, out]: dx [rows, in] is overwritten, or added to if `accumulate`, unless it is
  // null; dw [out, in] is added to unless it is null.
  void Backward(int64_t rows, const T* x, const T* dy, T* dx, bool accumulate, T* dw) const {
    if (dx != nullptr) weight_->BackwardInput(rows, dy, dx, accumulate);
    if (hook_ != nullptr) hook_->Backward(place_, x, dy, dx);
    if (dw != nullptr) AddWeightGradient(rows, weight_->out(), weight_->in(), dy, x, dw);
  }

 private:
  const LinearWeight<T>* weight_;
  LinearHook<T>* hook_;
  int64_t place_;
};

}  // namespace ropewalk
