#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "worker/tensor/element.h"
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

template <>
inline std::vector<Bfloat16> Convert(const std::vector<double>& x) {
  std::vector<Bfloat16> rounded;
  for (const double value : x) rounded.push_back(ToBfloat16(static_cast<float>(value)));
  return rounded;
}

inline std::vector<double> Widened(const std::vector<Bfloat16>& x) {
  std::vector<double> wide;
  for (const Bfloat16 value : x) wide.push_back(FromBfloat16(value));
  return wide;
}

// RandomDoubles that bfloat16 can hold.
inline std::vector<double> RandomShortDoubles(int64_t n, uint64_t seed) {
  return Widened(Convert<Bfloat16>(RandomDoubles(n, seed)));
}

// An output before it is written: whatever is left of it shows.
template <typename T>
std::vector<T> Poisoned(int64_t n) {
  return std::vector<T>(n, Narrow<T>(std::numeric_limits<Wide<T>>::quiet_NaN()));
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

// That `actual` is what the exact numbers round to, but for what float32 makes of them before.
inline void ExpectRounded(const std::vector<Bfloat16>& actual,
                          const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  double scale = 1.0;
  for (const double e : expected) scale = std::max(scale, std::abs(e));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(FromBfloat16(actual[i]), expected[i], 0x1p-8 * std::abs(expected[i]) + 2e-6 * scale)
        << "element " << i;
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
