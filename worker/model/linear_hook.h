#pragma once

#include <cstdint>

namespace ropewalk {

struct RandomKey;

// What a method adds to linear layers, at the places that LinearPlaces numbers. The model calls it;
// it does not know which method it is. Matrices are row-major. Not thread-safe.
template <typename T>
class LinearHook {
 public:
  virtual ~LinearHook() = default;

  // True if the method adds anything at `place`; only then are the calls below made for it.
  virtual bool Covers(int64_t place) const = 0;

  // Begins a pass over `rows` rows: a forward pass, perhaps followed by its backward pass.
  // `dropout` outlives the pass; null: no dropout.
  virtual void BeginPass(int64_t rows, const RandomKey* dropout) = 0;

  // y [rows, out] += what the method makes of x [rows, in]. Before the call y is x Wᵀ; the layer's
  // bias comes after it. With activation checkpointing it is called a second time for a place
  // before Backward, with the same x.
  virtual void Forward(int64_t place, const T* x, T* y) = 0;

  // Given dy [rows, out], the gradient of the loss by y: adds to the method's own gradient, and,
  // unless dx is null, to dx [rows, in]. x is as it was in Forward.
  virtual void Backward(int64_t place, const T* x, const T* dy, T* dx) = 0;
};

}  // namespace ropewalk
