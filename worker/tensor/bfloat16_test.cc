#include "worker/tensor/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ropewalk {
namespace {

TEST(Bfloat16, RoundsToNearestTiesToEven) {
  EXPECT_EQ(FromBfloat16(ToBfloat16(1.0f)), 1.0f);
  EXPECT_EQ(FromBfloat16(ToBfloat16(1.0f + 0x1p-8f)), 1.0f);            // a tie, down to even
  EXPECT_EQ(FromBfloat16(ToBfloat16(1.0f + 0x3p-8f)), 1.0f + 0x4p-8f);  // a tie, up to even
  EXPECT_EQ(FromBfloat16(ToBfloat16(1.0f + 0x1.01p-8f)), 1.0f + 0x1p-7f);
  EXPECT_EQ(FromBfloat16(ToBfloat16(-2.5f)), -2.5f);
}

TEST(Bfloat16, KeepsInfinityAndNan) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(FromBfloat16(ToBfloat16(infinity)), infinity);
  EXPECT_EQ(FromBfloat16(ToBfloat16(std::numeric_limits<float>::max())), infinity);
  for (const uint32_t nan : {0x7f800001u, 0x7fffffffu, 0xffffffffu, 0xff800001u}) {
    EXPECT_TRUE(std::isnan(FromBfloat16(ToBfloat16(std::bit_cast<float>(nan)))));
  }
}

TEST(Bfloat16, EveryValueComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = FromBfloat16(static_cast<Bfloat16>(bits));
    if (!std::isnan(value)) {
      EXPECT_EQ(ToBfloat16(value), bits);
    }
  }
}

}  // namespace
}  // namespace ropewalk
