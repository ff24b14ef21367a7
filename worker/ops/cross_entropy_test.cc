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

// x and w must be numbers that bfloat16 can hold.
void ExpectBfloat16AgreesWithDouble(const Case& c, const std::vector<double>& x,
                                    const std::vector<double>& w, bool with_dweight,
                                    double largest_logit = 1) {
  const Result<double> expected = RunOp<double>(c, x, w);
  LinearWeight<Bfloat16> weight(c.vocab, c.size, MatMulPrecision::kBfloat16);
  weight.Pack(Convert<float>(w).data());
  auto dx = Poisoned<float>(x.size());
  std::vector<float> dweight(w.size(), 0.0f);
  const double loss =
      LinearCrossEntropy<Bfloat16>(c.vocab, c.size, MatMulPrecision::kBfloat16)
          .LossAndGradient(c.rows, Convert<Bfloat16>(x).data(), c.Targets().data(), weight,
                           dx.data(), with_dweight ? dweight.data() : nullptr);
  // Logits are float32.
  EXPECT_NEAR(loss, expected.loss, 1e-5 * (1 + expected.loss) + 0x1p-24 * largest_logit * c.rows);
  ExpectClose(dx, expected.dx, 0.01);
  if (with_dweight) ExpectClose(dweight, expected.dweight, 0.01);
}

// A probability is rounded relative to its own size, and the loss not at all.
TEST(CrossEntropy, Bfloat16AgreesWithDouble) {
  for (const Case& c : kCases) {
    const auto x = RandomShortDoubles(c.rows * c.size, 1),
               w = RandomShortDoubles(c.vocab * c.size, 2);
    ExpectBfloat16AgreesWithDouble(c, x, w, /*with_dweight=*/true);
    ExpectBfloat16AgreesWithDouble(c, x, w, /*with_dweight=*/false);
  }
}

// Of some rows all logits are far above 0, of others far below, or both: e^logit can be held for
// none of them.
TEST(CrossEntropy, Bfloat16TakesLogitsOfAnySize) {
  for (const double shift : {-4096.0, -128.0, 128.0, 4096.0}) {
    for (const Case& c : {Case{5, 7, 3}, Case{40, 260, 12}}) {
      auto x = RandomShortDoubles(c.rows * c.size, 1), w = RandomShortDoubles(c.vocab * c.size, 2);
      for (int64_t r = 0; r < c.rows; r += 2) x[r * c.size] = shift;
      for (int64_t v = 0; v < c.vocab; ++v) w[v * c.size] = v % 7 == 3 ? -1 : 1;
      ExpectBfloat16AgreesWithDouble(c, x, w, /*with_dweight=*/true, std::abs(shift));
      ExpectBfloat16AgreesWithDouble(c, x, w, /*with_dweight=*/false, std::abs(shift));
    }
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
