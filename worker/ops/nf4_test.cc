#include "worker/ops/nf4.h"

#include <gtest/gtest.h>

#include "worker/ops/ops_testing.h"
#include "worker/ops/quant_golden.h"

namespace ropewalk {
namespace {

TEST(Nf4, ValuesAreThoseOfBitsandbytes) {
  const std::vector<float> values = FromHex<float>(QuantGolden()["nf4_values"]);
  EXPECT_EQ(std::vector<float>(kNf4Values, kNf4Values + 16), values);
}

TEST(Nf4, QuantizesAsBitsandbytesDoes) {
  ASSERT_GE(QuantGolden()["nf4"].size(), 12u);
  for (const auto& golden : QuantGolden()["nf4"]) {
    SCOPED_TRACE(golden["name"]);
    const std::vector<float> x = FromHex<float>(golden["x"]);
    const int64_t n = x.size();
    std::vector<uint8_t> codes(Nf4Bytes(n));
    std::vector<float> absmax(Nf4Blocks(n));
    QuantizeNf4(n, x.data(), codes.data(), absmax.data());
    EXPECT_EQ(codes, FromHex<uint8_t>(golden["codes"]));
    EXPECT_EQ(absmax, FromHex<float>(golden["absmax"]));
    std::vector<float> back = Poisoned<float>(n);
    DequantizeNf4(0, n, codes.data(), absmax.data(), back.data());
    EXPECT_EQ(back, FromHex<float>(golden["dequantized"]));
  }
}

TEST(Nf4, DequantizesAnyStretch) {
  constexpr int64_t kSize = 201;
  std::vector<uint8_t> codes(Nf4Bytes(kSize));
  std::vector<float> absmax(Nf4Blocks(kSize)), whole(kSize);
  QuantizeNf4(kSize, RandomFloats(kSize, 1).data(), codes.data(), absmax.data());
  DequantizeNf4(0, kSize, codes.data(), absmax.data(), whole.data());
  for (int64_t first = 0; first < kSize; first += 7) {
    for (const int64_t count : {int64_t{0}, int64_t{1}, int64_t{2}, int64_t{63}, kSize - first}) {
      if (first + count > kSize) continue;
      std::vector<float> part(count);
      DequantizeNf4(first, count, codes.data(), absmax.data(), part.data());
      ASSERT_EQ(part, std::vector<float>(&whole[first], &whole[first] + count)) << first;
    }
  }
}

TEST(Nf4, SameBitsForAnyThreads) {
  constexpr int64_t kSize = 64 * 37 + 11;
  const std::vector<float> x = RandomFloats(kSize, 2);
  ExpectSameBitsForAnyThreads([&] {
    std::vector<uint8_t> codes(Nf4Bytes(kSize));
    std::vector<float> absmax(Nf4Blocks(kSize)), back(kSize);
    QuantizeNf4(kSize, x.data(), codes.data(), absmax.data());
    DequantizeNf4(0, kSize, codes.data(), absmax.data(), back.data());
    return back;
  });
}

}  // namespace
}  // namespace ropewalk
