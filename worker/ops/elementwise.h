#pragma once

#include <cstdint>

namespace ropewalk {

// y += x. All [n].
template <typename T>
void Add(int64_t n, const T* x, T* y);

// The index of the largest element, the first on a tie. REQUIRES: n > 0.
template <typename T>
int64_t ArgMax(int64_t n, const T* x);

}  // namespace ropewalk
