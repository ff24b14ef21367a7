#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace ropewalk {

// Brings the singular values of x [rows, columns] near 1 and leaves its singular vectors: five
// steps of the quintic Newton-Schulz iteration X <- a X + (b G + c G G) X with G = X Xᵀ, a
// = 3.4445, b = -4.7750, c = 2.0315, from X = x / ‖x‖ (Jordan et al., "Muon", 2024). In float32 and
// with every sum in a fixed order: the same bits for any number of threads and on any processor.
void NewtonSchulz(int64_t rows, int64_t columns, absl::Span<float> x);

}  // namespace ropewalk
