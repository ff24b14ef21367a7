#pragma once

#include <cstdint>

#include "worker/model/linear_hook.h"
#include "worker/ops/bias.h"
#include "worker/ops/linear_weight.h"

namespace ropewalk {

// Where the gradients of a linear layer's weights are to be added; null: not at all.
template <typename T>
struct LinearGradients {
  Wide<T>* matrix = nullptr;  // [out, in]
  Wide<T>* bias = nullptr;    // [out]
};

// A linear layer with what a method adds to it. Not thread-safe.
template <typename T>
class LinearLayer {
 public:
  // All must outlive the layer; `bias` [out] and `hook` may be null.
  LinearLayer(const LinearWeight<T>& weight, const Wide<T>* bias, LinearHook<T>* hook,
              int64_t place)
      : weight_(&weight),
        bias_(bias),
        hook_(hook != nullptr && hook->Covers(place) ? hook : nullptr),
        place_(place) {}

  // y [rows, out] = x [rows, in] Wᵀ, and the hook's part, and the bias.
  void Forward(int64_t rows, const T* x, T* y) const {
    weight_->Forward(rows, x, y, /*accumulate=*/false, ForwardTerm(x));
    if (hook_ != nullptr) hook_->Forward(place_, x, y);
    if (bias_ != nullptr) AddBias<T>(rows, weight_->out(), bias_, y);
  }

  // From dy [rows, out]: dx [rows, in] is overwritten, or added to if `accumulate`, unless it is
  // null.
  void Backward(int64_t rows, const T* x, const T* dy, T* dx, bool accumulate,
                const LinearGradients<T>& gradients) const {
    const LowRankTerm term = BackwardTerm(dy, dx != nullptr);
    if (dx != nullptr) weight_->BackwardInput(rows, dy, dx, accumulate, term);
    AddGradients(rows, x, dy, dx, gradients);
  }

  // Whether y and dx are but a product and a term, so that their blocks can be had as they come.
  bool GivesBlocks() const {
    return UsesTiles<T>(weight_->precision()) && bias_ == nullptr &&
           (hook_ == nullptr || hook_->AddsOnlyTerms(place_));
  }

  // Forward and Backward in such blocks. REQUIRES: GivesBlocks(). x need not be there before the
  // gradients are added.
  void ForwardBlocks(int64_t rows, const T* x, TakeBlock take) const {
    weight_->ForwardBlocks(rows, x, take, ForwardTerm(x));
  }
  void BackwardInputBlocks(int64_t rows, const T* dy, TakeBlock take) const {
    weight_->BackwardInputBlocks(rows, dy, take, BackwardTerm(dy, /*wants_dx=*/true));
  }
  void AddGradients(int64_t rows, const T* x, const T* dy,
                    const LinearGradients<T>& gradients) const {
    AddGradients(rows, x, dy, nullptr, gradients);
  }

 private:
  LowRankTerm ForwardTerm(const T* x) const {
    return hook_ == nullptr ? LowRankTerm{} : hook_->ForwardTerm(place_, x);
  }

  LowRankTerm BackwardTerm(const T* dy, bool wants_dx) const {
    return hook_ == nullptr ? LowRankTerm{} : hook_->BackwardTerm(place_, dy, wants_dx);
  }

  void AddGradients(int64_t rows, const T* x, const T* dy, T* dx,
                    const LinearGradients<T>& gradients) const {
    if (hook_ != nullptr) hook_->Backward(place_, x, dy, dx);
    if (gradients.matrix != nullptr) {
      AddWeightGradient<T>(weight_->precision(), rows, weight_->out(), weight_->in(), dy, x,
                           gradients.matrix);
    }
    if (gradients.bias != nullptr) {
      AddBiasGradient<T>(rows, weight_->out(), dy, gradients.bias);
    }
  }

  const LinearWeight<T>* weight_;
  const Wide<T>* bias_;
  LinearHook<T>* hook_;
  int64_t place_;
};

}  // namespace ropewalk
