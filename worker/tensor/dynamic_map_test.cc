#include "worker/tensor/dynamic_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

std::vector<float> Values(const DynamicMap& map) {
  return {map.values().begin(), map.values().end()};
}

// tests/golden/make_optimizers.py says how the file came about.
TEST(DynamicMap, HasTheNumbersOfBitsandbytes) {
  const auto golden = nlohmann::json::parse(std::ifstream("tests/golden/optimizers.json"));
  EXPECT_EQ(Values(DynamicMap::Signed()), golden["signed_map"].get<std::vector<float>>());
  EXPECT_EQ(Values(DynamicMap::Unsigned()), golden["unsigned_map"].get<std::vector<float>>());
}

TEST(DynamicMap, ChoosesTheNearestNumber) {
  std::vector<float> x(DynamicMap::kBlock);
  FillNormal(/*seed=*/5, /*stream=*/0, /*standard_deviation=*/1.0f, x.data(), x.size());
  std::vector<uint8_t> codes(x.size());
  float magnitude = 0;
  const DynamicMap& map = DynamicMap::Signed();
  map.Quantize(x.size(), x.data(), codes.data(), &magnitude);
  std::vector<float> back(x.size());
  map.Dequantize(x.size(), codes.data(), magnitude, back.data());
  for (size_t i = 0; i < x.size(); ++i) {
    float nearest = INFINITY;
    for (const float value : map.values())
      nearest = std::min(nearest, std::abs(value * magnitude - x[i]));
    EXPECT_NEAR(std::abs(back[i] - x[i]), nearest, 1e-6) << x[i];
  }
}

TEST(DynamicMap, BlocksOfZerosStayZeros) {
  const std::vector<float> zeros(10);
  std::vector<uint8_t> codes(10, 77);
  std::vector<float> back(10, 1.0f);
  float magnitude = 1;
  DynamicMap::Unsigned().Quantize(10, zeros.data(), codes.data(), &magnitude);
  DynamicMap::Unsigned().Dequantize(10, codes.data(), magnitude, back.data());
  EXPECT_EQ(back, zeros);
}

}  // namespace
}  // namespace ropewalk
