#include "worker/tensor/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ropewalk {
namespace {

// Known answers published with the generator (Random123, kat_vectors).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, 0),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox({~0u, ~0u, ~0u, ~0u}, ~uint64_t{0}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, AnElementDependsOnItsIndexAlone) {
  std::vector<float> longer(11), shorter(6);
  FillNormal(7, 3, 1.0f, longer.data(), 11);
  FillNormal(7, 3, 1.0f, shorter.data(), 6);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(longer[i], shorter[i]);
}

TEST(Philox, StreamsAndSeedsDiffer) {
  std::vector<float> a(4), b(4), c(4);
  FillUniform(7, 3, 1.0f, a.data(), 4);
  FillUniform(7, 4, 1.0f, b.data(), 4);
  FillUniform(8, 3, 1.0f, c.data(), 4);
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
}

TEST(Philox, UniformFillsItsRangeEvenly) {
  constexpr int kCount = 100000;
  std::vector<float> x(kCount);
  FillUniform(1, 0, 0.5f, x.data(), kCount);
  double sum = 0, squares = 0;
  for (const float value : x) {
    ASSERT_GE(value, -0.5f);
    ASSERT_LT(value, 0.5f);
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.005);
  EXPECT_NEAR(squares / kCount, 1.0 / 12, 0.002);
}

TEST(Philox, NormalHasItsMoments) {
  constexpr int kCount = 100000;
  std::vector<float> x(kCount);
  FillNormal(1, 0, 0.02f, x.data(), kCount);
  double sum = 0, squares = 0, fourths = 0;
  for (const float value : x) {
    const double z = value / 0.02;
    sum += z;
    squares += z * z;
    fourths += z * z * z * z;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.02);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
  EXPECT_NEAR(fourths / kCount, 3, 0.1);
}

}  // namespace
}  // namespace ropewalk
