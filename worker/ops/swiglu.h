#pragma once

#include <cstdint>

namespace ropewalk {

// y = silu(gate) * up, silu(x) = x / (1 + exp(-x)) (Shazeer, 2020). All [n].
template <typename T>
void SwigluForward(int64_t n, const T* gate, const T* up, T* y);

// dup = dy * silu(gate); dgate = dy * up * s * (1 + gate * (1 - s)), s = 1 / (1 + exp(-gate)).
// dgate may be gate's memory and dup up's.
template <typename T>
void SwigluBackward(int64_t n, const T* dy, const T* gate, const T* up, T* dgate, T* dup);

}  // namespace ropewalk
