#pragma once

#include <cstdint>

#include "worker/tensor/philox.h"

namespace ropewalk {

// y[i] = x[i] / (1 - p) where the element is kept, else 0; kept with probability 1 - p. Which are
// kept is a function of (key, site, i) alone, so the backward pass is the same call on the
// gradient. `site` tells the places of a model apart. y may be x. 0 <= p < 1;
// p is rounded to a multiple of 2^-16, in the probability and in the factor alike.
template <typename T>
void Dropout(int64_t n, double p, const RandomKey& key, uint32_t site, const T* x, T* y);

}  // namespace ropewalk
