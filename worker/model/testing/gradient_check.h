#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace ropewalk::testing {

// Expects `gradient` to be the derivative of loss() by `parameters`, measured by central
// differences in float64 at every `stride`-th element. loss() must read `parameters`.
template <typename Loss>
void ExpectGradient(std::vector<double>* parameters, const std::vector<double>& gradient,
                    int64_t stride, Loss loss) {
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < parameters->size(); i += stride) {
    const double value = (*parameters)[i];
    (*parameters)[i] = value + kStep;
    const double above = loss();
    (*parameters)[i] = value - kStep;
    const double below = loss();
    (*parameters)[i] = value;
    const double measured = (above - below) / (2 * kStep);
    ASSERT_NEAR(gradient[i], measured, 1e-6 * (1 + std::abs(measured))) << "element " << i;
  }
}

}  // namespace ropewalk::testing
