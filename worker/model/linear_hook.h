#pragma once

#include <cstdint>

#include "worker/ops/panel_product.h"

namespace ropewalk {

struct RandomKey;

// What a method adds to linear layers, at the places that LinearPlaces numbers. The model calls it;
// it does not know which method it is. Matrices are row-major. A method adds to a product either a
// term, which the layer sums up together with its own, or by itself, or both. Not thread-safe.
template <typename T>
class LinearHook {
 public:
  virtual ~LinearHook() = default;

  // True if the method adds anything at `place`; only then are the calls below made for it.
  virtual bool Covers(int64_t place) const = 0;

  // Begins a pass over `rows` rows: a forward pass, perhaps followed by its backward pass.
  // `dropout` outlives the pass; null: no dropout.
  virtual void BeginPass(int64_t rows, const RandomKey* dropout) = 0;

  // Before y is computed from x [rows, in]: a term [rows, out] of y. It lives until the next call.
  virtual LowRankTerm ForwardTerm(int64_t place, const T* x) { return {}; }

  // y [rows, out] += what else the method makes of x [rows, in]. Before the call y is x Wᵀ and the
  // term; the layer's bias comes after it. With activation checkpointing both are called a second
  // time for a place before its backward calls, with the same x.
  virtual void Forward(int64_t place, const T* x, T* y) = 0;

  // Given dy [rows, out], the gradient of the loss by y, before that by x is computed: a term
  // [rows, in] of dx, if `wants_dx`. It lives until the next call.
  virtual LowRankTerm BackwardTerm(int64_t place, const T* dy, bool wants_dx) { return {}; }

  // Follows BackwardTerm: adds to the method's own gradient, and, unless dx is null, to dx [rows,
  // in], which is dy W and the term before the call. x is as it was in Forward.
  virtual void Backward(int64_t place, const T* x, const T* dy, T* dx) = 0;

  // Whether, in this pass, Forward does nothing to y and Backward nothing to dx.
  virtual bool AddsOnlyTerms(int64_t place) const { return false; }
};

}  // namespace ropewalk
