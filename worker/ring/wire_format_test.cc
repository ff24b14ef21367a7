#include "worker/ring/wire_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace ropewalk {
namespace {

std::vector<float> RandomFloats(int64_t count) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> x(count);
  for (float& value : x) value = normal(random) * std::exp2(static_cast<float>(random() % 40) - 20);
  return x;
}

// From an address that is not aligned.
std::vector<float> ThereAndBack(WireFormat format, const std::vector<float>& x) {
  std::vector<uint8_t> wire(WireBytes(format, x.size()) + 1);
  EncodeFloats(format, x.data(), x.size(), &wire[1]);
  std::vector<float> y(x.size());
  DecodeFloats(format, &wire[1], x.size(), y.data());
  return y;
}

TEST(WireFormat, Bfloat16RoundsToTheNearestAndToEven) {
  const std::vector<float> x = {1.0f,        1.00390625f,  // halfway between 1 and 1.0078125
                                1.01171875f,               // halfway between 1.0078125 and 1.015625
                                1.00390637f, -3.1415926f, 0.0f};
  EXPECT_EQ(ThereAndBack(WireFormat::kBfloat16, x),
            (std::vector<float>{1.0f, 1.0f, 1.015625f, 1.0078125f, -3.140625f, 0.0f}));
}

TEST(WireFormat, Bfloat16IsWithinHalfAUnit) {
  const std::vector<float> x = RandomFloats(10'007);
  const std::vector<float> y = ThereAndBack(WireFormat::kBfloat16, x);
  for (size_t i = 0; i < x.size(); ++i) ASSERT_LE(std::abs(y[i] - x[i]), std::abs(x[i]) / 256) << i;
}

TEST(WireFormat, Int8IsWithinHalfAStepOfItsBlock) {
  for (const int64_t count : {1, 255, 256, 257, 10'007}) {
    const std::vector<float> x = RandomFloats(count);
    const std::vector<float> y = ThereAndBack(WireFormat::kInt8, x);
    for (int64_t begin = 0; begin < count; begin += kInt8Block) {
      const int64_t end = std::min(count, begin + kInt8Block);
      float largest = 0;
      for (int64_t i = begin; i < end; ++i) largest = std::max(largest, std::abs(x[i]));
      for (int64_t i = begin; i < end; ++i) {
        ASSERT_LE(std::abs(y[i] - x[i]), 0.5001f * largest / 127) << i << " of " << count;
      }
    }
  }
}

TEST(WireFormat, TakesItsBytes) {
  EXPECT_EQ(WireBytes(WireFormat::kPlain, 1000), 4000);
  EXPECT_EQ(WireBytes(WireFormat::kBfloat16, 1000), 2000);
  EXPECT_EQ(WireBytes(WireFormat::kInt8, 1000), 1000 + 4 * 4);
  EXPECT_EQ(WireBytes(WireFormat::kInt8, 0), 0);
}

TEST(WireFormat, TinyElementsOfInt8BecomeZero) {
  const std::vector<float> x = {1e-40f, -1e-36f, std::numeric_limits<float>::denorm_min()};
  EXPECT_EQ(ThereAndBack(WireFormat::kInt8, x), (std::vector<float>{0, 0, 0}));
}

TEST(WireFormat, WhatIsNotFiniteIsNotFiniteWhenItArrives) {
  for (const WireFormat format : {WireFormat::kPlain, WireFormat::kBfloat16, WireFormat::kInt8}) {
    for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
      std::vector<float> x = RandomFloats(300);
      x[7] = bad;
      EXPECT_FALSE(std::isfinite(ThereAndBack(format, x)[7])) << static_cast<int>(format);
    }
  }
}

TEST(WireFormat, AddsWhatItDecodes) {
  const std::vector<float> x = RandomFloats(1003);
  for (const WireFormat format : {WireFormat::kPlain, WireFormat::kBfloat16, WireFormat::kInt8}) {
    std::vector<uint8_t> wire(WireBytes(format, x.size()));
    EncodeFloats(format, x.data(), x.size(), wire.data());
    const std::vector<float> decoded = ThereAndBack(format, x);
    std::vector<float> sums(x.size(), 0.5f);
    AddFloats(format, wire.data(), x.size(), sums.data());
    for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(sums[i], 0.5f + decoded[i]) << i;
  }
}

}  // namespace
}  // namespace ropewalk
