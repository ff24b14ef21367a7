#pragma once

#include <cstdint>

#include "worker/tensor/element.h"

namespace ropewalk {

// y [rows, size] += bias [size], row by row.
template <typename T>
void AddBias(int64_t rows, int64_t size, const Wide<T>* bias, T* y);

// dbias [size] += the sum of the rows of dy [rows, size], in their order.
template <typename T>
void AddBiasGradient(int64_t rows, int64_t size, const T* dy, Wide<T>* dbias);

}  // namespace ropewalk
