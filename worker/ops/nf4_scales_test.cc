#include "worker/ops/nf4_scales.h"

#include <gtest/gtest.h>

#include "worker/ops/ops_testing.h"
#include "worker/ops/quant_golden.h"

namespace ropewalk {
namespace {

std::vector<float> ReadAll(const Nf4Scales& scales, int64_t n) {
  std::vector<float> all = Poisoned<float>(n);
  scales.Read(0, n, all.data());
  return all;
}

TEST(Nf4Scales, AreQuantizedAsBitsandbytesDoes) {
  ASSERT_GE(QuantGolden()["double"].size(), 4u);
  for (const auto& golden : QuantGolden()["double"]) {
    SCOPED_TRACE(golden["name"]);
    const std::vector<float> scales = FromHex<float>(golden["scales"]);
    const Nf4Scales::Quantized quantized = Nf4Scales::Quantize(scales, golden["offset"]);
    EXPECT_EQ(quantized.map, FromHex<float>(QuantGolden()["dynamic_map"]));
    EXPECT_EQ(quantized.codes, FromHex<uint8_t>(golden["codes"]));
    EXPECT_EQ(quantized.absmax, FromHex<float>(golden["absmax"]));
    EXPECT_EQ(ReadAll(Nf4Scales(quantized), scales.size()), FromHex<float>(golden["dequantized"]));
  }
}

// PyTorch's mean adds in another order.
TEST(Nf4Scales, AreCentredOnTheirMean) {
  for (const auto& golden : QuantGolden()["double"]) {
    const float offset = golden["offset"];
    const std::vector<float> scales = FromHex<float>(golden["scales"]);
    EXPECT_NEAR(Nf4Scales::Quantize(scales).offset, offset, 2e-7 * offset);
  }
}

TEST(Nf4Scales, PlainOnesComeBackAsTheyAre) {
  const std::vector<float> scales = RandomFloats(100, 1);
  const Nf4Scales plain(scales);
  EXPECT_FALSE(plain.quantized());
  EXPECT_EQ(ReadAll(plain, 100), scales);
  float one;
  plain.Read(77, 1, &one);
  EXPECT_EQ(one, scales[77]);
}

TEST(Nf4Scales, AnyStretchReadsAsTheWhole) {
  const Nf4Scales scales(Nf4Scales::Quantize(RandomFloats(600, 2)));
  const std::vector<float> all = ReadAll(scales, 600);
  std::vector<float> part(30);
  scales.Read(245, 30, part.data());
  EXPECT_EQ(part, std::vector<float>(&all[245], &all[275]));
}

}  // namespace
}  // namespace ropewalk
