#include "worker/ops/int8_rows.h"

#include <gtest/gtest.h>

#include "worker/ops/ops_testing.h"
#include "worker/ops/quant_golden.h"

namespace ropewalk {
namespace {

TEST(Int8Rows, QuantizesAsBitsandbytesDoes) {
  ASSERT_GE(QuantGolden()["int8"].size(), 5u);
  for (const auto& golden : QuantGolden()["int8"]) {
    SCOPED_TRACE(golden["name"]);
    const std::vector<float> x = FromHex<float>(golden["x"]);
    const int64_t rows = golden["rows"], columns = x.size() / rows;
    std::vector<int8_t> codes(x.size());
    std::vector<float> absmax(rows);
    QuantizeInt8Rows(rows, columns, x.data(), codes.data(), absmax.data());
    EXPECT_EQ(codes, FromHex<int8_t>(golden["codes"]));
    EXPECT_EQ(absmax, FromHex<float>(golden["absmax"]));
    // bitsandbytes multiplies by a rounded 1 / 127.
    const std::vector<float> expected = FromHex<float>(golden["dequantized"]);
    std::vector<float> back(columns);
    for (int64_t row = 0; row < rows; ++row) {
      DequantizeInt8(columns, codes.data() + row * columns, absmax[row], back.data());
      for (int64_t i = 0; i < columns; ++i) {
        ASSERT_NEAR(back[i], expected[row * columns + i], 3e-7 * absmax[row]);
      }
    }
  }
}

TEST(Int8Rows, ARowOfZerosStaysOne) {
  const std::vector<float> w(5, 0.0f);
  std::vector<int8_t> codes(5, 1);
  float absmax = 1;
  QuantizeInt8Rows(1, 5, w.data(), codes.data(), &absmax);
  EXPECT_EQ(codes, std::vector<int8_t>(5, 0));
  EXPECT_EQ(absmax, 0.0f);
}

}  // namespace
}  // namespace ropewalk
