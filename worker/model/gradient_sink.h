#pragma once

#include <cstdint>
#include <vector>

namespace ropewalk {

// Where gradients go, and how deep a backward pass must reach.
template <typename T>
struct GradientSink {
  T* flat = nullptr;  // all weights in the order of WeightSpecs; null: they are frozen
  const int64_t* offsets = nullptr;  // [weights]
  int64_t lowest = 0;  // index of the first weight that trains, or at whose place a hook does

  // Where the gradient of a weight is to be added; null if it is frozen.
  T* Of(int64_t index) const { return flat == nullptr ? nullptr : flat + offsets[index]; }

  // True if something trains before the weight, so that the gradient by its input is needed.
  bool NeedsInputOf(int64_t index) const { return lowest < index; }
};

}  // namespace ropewalk
