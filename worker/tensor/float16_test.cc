#include "worker/tensor/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ropewalk {
namespace {

TEST(Float16, RoundsToNearestEven) {
  EXPECT_EQ(ToFloat16(1.0f), 0x3c00);
  EXPECT_EQ(ToFloat16(-2.0f), 0xc000);
  EXPECT_EQ(ToFloat16(-0.0f), 0x8000);
  EXPECT_EQ(ToFloat16(1.0f + 0x1p-11f), 0x3c00);      // a tie, down to even
  EXPECT_EQ(ToFloat16(1.0f + 0x3p-11f), 0x3c02);      // a tie, up to even
  EXPECT_EQ(ToFloat16(1.0f + 0x1.001p-11f), 0x3c01);  // just above a tie
  EXPECT_EQ(ToFloat16(2.0f - 0x1p-12f), 0x4000);      // up into the next power of two
  EXPECT_EQ(ToFloat16(0x1p-24f), 0x0001);             // the smallest
  EXPECT_EQ(ToFloat16(0x1p-25f), 0x0000);             // a tie, down to even
  EXPECT_EQ(ToFloat16(0x1.8p-24f), 0x0002);           // a tie, up to even
  EXPECT_EQ(ToFloat16(0x1p-14f - 0x1p-26f), 0x0400);  // up into the normal numbers
  EXPECT_EQ(ToFloat16(kMaxFloat16), 0x7bff);
  EXPECT_EQ(ToFloat16(std::nextafter(65520.0f, 0.0f)), 0x7bff);
  EXPECT_EQ(ToFloat16(65520.0f), 0x7c00);
}

TEST(Float16, KeepsInfinityAndNan) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(FromFloat16(ToFloat16(-infinity)), -infinity);
  EXPECT_TRUE(std::isnan(FromFloat16(ToFloat16(std::bit_cast<float>(0x7f800001u)))));
}

// The compiler's own type, which is the processor's where it has one.
TEST(Float16, AgreesWithTheCompiler) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = FromFloat16(static_cast<Float16>(bits));
    const float expected = std::bit_cast<_Float16>(static_cast<uint16_t>(bits));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint32_t>(value), std::bit_cast<uint32_t>(expected)) << bits;
    ASSERT_EQ(ToFloat16(value), bits);
  }
  for (uint64_t bits = 0; bits < 0x7f800000; bits += 4099) {
    const float value = std::bit_cast<float>(static_cast<uint32_t>(bits));
    ASSERT_EQ(ToFloat16(value), std::bit_cast<uint16_t>(static_cast<_Float16>(value))) << value;
  }
}

}  // namespace
}  // namespace ropewalk
