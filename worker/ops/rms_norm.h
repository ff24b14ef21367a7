#pragma once

#include <cstdint>

namespace ropewalk {

// y = x * r * weight, r = 1 / sqrt(mean(x^2) + eps), row by row (Zhang & Sennrich, 2019).
// x, y: [rows, size]; weight: [size]; rstd: [rows], receives r for the backward pass.
template <typename T>
void RmsNormForward(int64_t rows, int64_t size, const T* x, const T* weight, double eps, T* y,
                    T* rstd);

// With g = dy * weight and xhat = x * r: dx += r * (g - xhat * mean(g * xhat)); dweight [size] +=
// sum over rows of dy * xhat, unless it is null.
template <typename T>
void RmsNormBackward(int64_t rows, int64_t size, const T* dy, const T* x, const T* weight,
                     const T* rstd, T* dx, T* dweight);

}  // namespace ropewalk
