#include "worker/ops/embedding.h"

#include <gtest/gtest.h>

#include "tests/testing/gradient_check.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

constexpr int64_t kSize = 5;
const std::vector<int32_t>& Tokens() {  // one of them three times, one never
  static const auto* tokens = new std::vector<int32_t>{2, 0, 2, 3, 2};
  return *tokens;
}
constexpr int64_t kVocab = 4;

template <typename T>
LinearWeight<T> Table(const std::vector<T>& values) {
  LinearWeight<T> table(kVocab, kSize, MatMulPrecision::kFull);
  table.Pack(values.data());
  return table;
}

TEST(Embedding, GathersRows) {
  const auto table = RandomFloats(kVocab * kSize, 1);
  auto y = Poisoned<float>(Tokens().size() * kSize);
  EmbeddingForward<float>(Tokens().size(), Tokens().data(), Table(table), y.data());
  for (size_t r = 0; r < Tokens().size(); ++r) {
    for (int64_t i = 0; i < kSize; ++i) {
      EXPECT_EQ(y[r * kSize + i], table[Tokens()[r] * kSize + i]);
    }
  }
}

TEST(Embedding, GradientIsThatOfTheForwardPass) {
  auto table = RandomDoubles(kVocab * kSize, 1);
  const auto dy = RandomDoubles(Tokens().size() * kSize, 2);
  const auto loss = [&] {
    auto y = Poisoned<double>(dy.size());
    EmbeddingForward<double>(Tokens().size(), Tokens().data(), Table(table), y.data());
    return WeightedSum(dy, y);
  };
  std::vector<double> dtable(table.size(), 0.0);
  EmbeddingBackward<double>(Tokens().size(), kSize, Tokens().data(), dy.data(), dtable.data());
  ExpectGradient("table", table, dtable, loss);
}

TEST(Embedding, SameBitsForAnyThreads) {
  const auto dy = RandomFloats(Tokens().size() * kSize, 1);
  ExpectSameBitsForAnyThreads([&] {
    std::vector<float> dtable(kVocab * kSize, 0.5f);
    EmbeddingBackward<float>(Tokens().size(), kSize, Tokens().data(), dy.data(), dtable.data());
    return dtable;
  });
}

}  // namespace
}  // namespace ropewalk
