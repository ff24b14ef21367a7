#pragma once

#include <cstdint>

#include "worker/tensor/element.h"

namespace ropewalk {

// y = x * r * weight, r = 1 / sqrt(mean(x^2) + eps), row by row (Zhang & Sennrich, 2019).
// x, y: [rows, size]; weight: [size]; rstd: [rows], receives r for the backward pass. X is T or
// Wide<T>.
template <typename X, typename T>
void RmsNormForward(int64_t rows, int64_t size, const X* x, const Wide<T>* weight, double eps, T* y,
                    Wide<T>* rstd);

// With g = dy * weight and xhat = x * r: dx += r * (g - xhat * mean(g * xhat)); dweight [size] +=
// sum over rows of dy * xhat, unless it is null.
template <typename D, typename X>
void RmsNormBackward(int64_t rows, int64_t size, const D* dy, const X* x, const Wide<X>* weight,
                     const Wide<X>* rstd, X* dx, Wide<X>* dweight);

}  // namespace ropewalk
