#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "worker/tensor/parallel.h"
#include "worker/tensor/philox.h"

// What the ops' tests share.

namespace ropewalk {

// Normal numbers, the same for the same seed.
inline std::vector<double> RandomDoubles(int64_t n, uint64_t seed) {
  std::vector<float> numbers(n);
  FillNormal(seed, /*stream=*/0, /*standard_deviation=*/1.0f, numbers.data(), n);
  return {numbers.begin(), numbers.end()};
}

inline std::vector<float> RandomFloats(int64_t n, uint64_t seed) {
  const std::vector<double> numbers = RandomDoubles(n, seed);
  return {numbers.begin(), numbers.end()};
}

template <typename T>
std::vector<T> Convert(const std::vector<double>& x) {
  return {x.begin(), x.end()};
}

// An output before it is written: whatever is left of it shows.
template <typename T>
std::vector<T> Poisoned(int64_t n) {
  return std::vector<T>(n, std::numeric_limits<T>::quiet_NaN());
}

// |actual - expected| <= tolerance * (the largest |expected|, at least 1), element by element.
template <typename T>
void ExpectClose(const std::vector<T>& actual, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  double scale = 1.0;
  for (const double e : expected) scale = std::max(scale, std::abs(e));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], tolerance * scale) << "element " << i;
  }
}

// Runs `op` with one and with two threads and expects the same bits.
inline void ExpectSameBitsForAnyThreads(const std::function<std::vector<float>()>& op) {
  SetThreads(1);
  const std::vector<float> alone = op();
  SetThreads(2);
  const std::vector<float> together = op();
  SetThreads(1);
  ASSERT_EQ(alone.size(), together.size());
  EXPECT_EQ(std::memcmp(alone.data(), together.data(), alone.size() * sizeof(float)), 0);
}

// The concatenation of `parts`.
template <typename T>
std::vector<T> Joined(const std::vector<std::vector<T>>& parts) {
  std::vector<T> all;
  for (const std::vector<T>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace ropewalk
