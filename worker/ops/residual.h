#pragma once

#include <cstdint>

#include "worker/tensor/element.h"

namespace ropewalk {

// out = x + y. All [n]; out may be x.
template <typename T>
void AddResidual(int64_t n, const Wide<T>* x, const T* y, Wide<T>* out);

}  // namespace ropewalk
