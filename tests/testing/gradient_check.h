#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ropewalk {

// Which elements a gradient check moves: all of them, or evenly spaced ones if there are more.
inline constexpr int64_t kGradientProbes = 50;

// Checks `gradient`, the gradient of loss() by `x`, against central differences: moves elements of
// `x`, which loss() must read, by ±1e-5 and puts them back. In double precision the two agree to
// about 1e-9; `tolerance` is relative to the larger of 1 and the gradient's largest element.
// `name` is for messages.
inline void ExpectGradient(const std::string& name, std::vector<double>& x,
                           const std::vector<double>& gradient, const std::function<double()>& loss,
                           double tolerance = 1e-7) {
  constexpr double kStep = 1e-5;
  ASSERT_EQ(x.size(), gradient.size()) << name;
  double scale = 1.0;
  for (const double g : gradient) scale = std::max(scale, std::abs(g));
  const int64_t size = x.size();
  const int64_t stride = (size + kGradientProbes - 1) / kGradientProbes;
  for (int64_t i = 0; i < size; i += std::max<int64_t>(stride, 1)) {
    const double kept = x[i];
    x[i] = kept + kStep;
    const double above = loss();
    x[i] = kept - kStep;
    const double below = loss();
    x[i] = kept;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * kStep), tolerance * scale)
        << "d loss / d " << name << "[" << i << "]";
  }
}

// Σ weights · y: with it as the loss, `weights` is the gradient by y. The sizes must agree.
inline double WeightedSum(const std::vector<double>& weights, const std::vector<double>& y) {
  EXPECT_EQ(weights.size(), y.size());
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += weights[i] * y[i];
  return sum;
}

}  // namespace ropewalk
