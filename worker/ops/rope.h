#pragma once

#include <cstdint>

#include "worker/tensor/element.h"

namespace ropewalk {

enum class Rotation { kForward, kBackward };

// Rotary position embedding (Su et al., 2021): turns each head of x [rows, heads, 2 * pairs] in
// place by its row's angles, whose cosines and sines [rows, pairs] are given; they may carry a
// factor. The pair (i, i + pairs) turns together, as in Hugging Face's checkpoints. kBackward turns
// the other way: the gradient of the forward rotation.
template <typename T>
void ApplyRope(int64_t rows, int64_t heads, int64_t pairs, const Wide<T>* cosines,
               const Wide<T>* sines, Rotation rotation, T* x);

}  // namespace ropewalk
