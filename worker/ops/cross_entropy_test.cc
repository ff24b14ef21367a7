#include "worker/ops/cross_entropy.h"

#include <gtest/gtest.h>

#include "tests/testing/gradient_check.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

struct Case {
  int64_t rows, vocab, size;

  // Every third row has none.
  std::vector<int32_t> Targets() const {
    std::vector<int32_t> targets(rows);
    for (int64_t r = 0; r < rows; ++r) targets[r] = r % 3 == 1 ? -1 : r * 7 % vocab;
    return targets;
  }
};

const Case kCases[] = {{1, 1, 1}, {5, 7, 3}, {40, 260, 12}, {700, 33, 8}};

template <typename T>
struct Result {
  double loss = 0;
  std::vector<T> dx, dweight;
};

template <typename T>
Result<T> RunOp(const Case& c, const std::vector<double>& x, const std::vector<double>& w) {
  LinearWeight<T> weight(c.vocab, c.size, MatMulPrecision::kFull);
  weight.Pack(Convert<T>(w).data());
  Result<T> result{0, Poisoned<T>(c.rows * c.size), std::vector<T>(c.vocab * c.size, 0)};
  result.loss = LinearCrossEntropy<T>(c.vocab, c.size, MatMulPrecision::kFull)
                    .LossAndGradient(c.rows, Convert<T>(x).data(), c.Targets().data(), weight,
                                     result.dx.data(), result.dweight.data());
  return result;
}

double Loss(const Case& c, const std::vector<double>& x, const std::vector<double>& w) {
  LinearWeight<double> weight(c.vocab, c.size, MatMulPrecision::kFull);
  weight.Pack(w.data());
  return LinearCrossEntropy<double>(c.vocab, c.size, MatMulPrecision::kFull)
      .Loss(c.rows, x.data(), c.Targets().data(), weight);
}

TEST(CrossEntropy, EqualLogitsLoseTheLogarithmOfTheVocabulary) {
  const Case c = {6, 10, 4};
  EXPECT_NEAR(Loss(c, RandomDoubles(24, 1), std::vector<double>(40, 0.0)), 4 * std::log(10), 1e-12);
}

TEST(CrossEntropy, GradientsAreThoseOfTheLoss) {
  for (const Case& c : kCases) {
    auto x = RandomDoubles(c.rows * c.size, 1), w = RandomDoubles(c.vocab * c.size, 2);
    const Result<double> result = RunOp<double>(c, x, w);
    EXPECT_DOUBLE_EQ(result.loss, Loss(c, x, w));
    ExpectGradient(
        "x", x, result.dx, [&] { return Loss(c, x, w); }, 1e-6);
    ExpectGradient(
        "weight", w, result.dweight, [&] { return Loss(c, x, w); }, 1e-6);
  }
}

TEST(CrossEntropy, FloatAgreesWithDouble) {
  for (const Case& c : kCases) {
    const auto x = RandomDoubles(c.rows * c.size, 1), w = RandomDoubles(c.vocab * c.size, 2);
    const auto expected = RunOp<double>(c, x, w);
    const auto actual = RunOp<float>(c, x, w);
    EXPECT_NEAR(actual.loss, expected.loss, 1e-6 * (1 + expected.loss));
    ExpectClose(actual.dx, expected.dx, 1e-5);
    ExpectClose(actual.dweight, expected.dweight, 1e-5);
  }
}

// A probability is rounded relative to its own size, and the loss not at all.
TEST(CrossEntropy, Bfloat16AgreesWithDouble) {
  for (const Case& c : kCases) {
    std::vector<double> x = RandomDoubles(c.rows * c.size, 1),
                        w = RandomDoubles(c.vocab * c.size, 2);
    std::vector<Bfloat16> narrow;
    for (double& value : x) {
      narrow.push_back(ToBfloat16(value));
      value = FromBfloat16(narrow.back());
    }
    for (double& value : w) value = FromBfloat16(ToBfloat16(value));
    const Result<double> expected = RunOp<double>(c, x, w);
    LinearWeight<Bfloat16> weight(c.vocab, c.size, MatMulPrecision::kBfloat16);
    weight.Pack(Convert<float>(w).data());
    auto dx = Poisoned<float>(x.size());
    std::vector<float> dweight(w.size(), 0.0f);
    const double loss = LinearCrossEntropy<Bfloat16>(c.vocab, c.size, MatMulPrecision::kBfloat16)
                            .LossAndGradient(c.rows, narrow.data(), c.Targets().data(), weight,
                                             dx.data(), dweight.data());
    EXPECT_NEAR(loss, expected.loss, 1e-5 * (1 + expected.loss));
    ExpectClose(dx, expected.dx, 0.01);
    ExpectClose(dweight, expected.dweight, 0.01);
  }
}

TEST(CrossEntropy, RowsWithoutTargetsCostNothingAndGetNoGradient) {
  const std::vector<int32_t> targets = {-1, -1};
  const auto x = RandomFloats(8, 1);
  LinearWeight<float> weight(5, 4, MatMulPrecision::kFull);
  weight.Pack(RandomFloats(20, 2).data());
  LinearCrossEntropy<float> loss(5, 4, MatMulPrecision::kFull);
  auto dx = Poisoned<float>(8);
  EXPECT_EQ(loss.LossAndGradient(2, x.data(), targets.data(), weight, dx.data(), nullptr), 0.0);
  EXPECT_EQ(dx, std::vector<float>(8, 0.0f));
  EXPECT_EQ(loss.Loss(0, nullptr, nullptr, weight), 0.0);
}

TEST(CrossEntropy, SameBitsForAnyThreads) {
  for (const Case& c : kCases) {
    const auto x = RandomDoubles(c.rows * c.size, 1), w = RandomDoubles(c.vocab * c.size, 2);
    ExpectSameBitsForAnyThreads([&] {
      const Result<float> result = RunOp<float>(c, x, w);
      return Joined<float>({{static_cast<float>(result.loss)}, result.dx, result.dweight});
    });
  }
}

}  // namespace
}  // namespace ropewalk
