#include "worker/ops/linear_weight.h"

#include <gtest/gtest.h>

#include "tests/testing/gradient_check.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

struct Case {
  int64_t rows, out, in;
};

const std::vector<Case>& Cases() {
  static const auto* cases = new std::vector<Case>{{1, 1, 1},      {3, 5, 7},       {67, 33, 17},
                                                   {130, 192, 64}, {300, 260, 192}, {1, 512, 192}};
  return *cases;
}

LinearWeight<double> PackedDouble(const Case& s, const std::vector<double>& w) {
  LinearWeight<double> weight(s.out, s.in, MatMulPrecision::kFull);
  weight.Pack(w.data());
  return weight;
}

TEST(LinearWeight, GradientsAreThoseOfTheForwardPass) {
  for (const Case& s : Cases()) {
    if (s.rows * s.out * s.in > 50000) continue;
    auto x = RandomDoubles(s.rows * s.in, 1), w = RandomDoubles(s.out * s.in, 2);
    const auto dy = RandomDoubles(s.rows * s.out, 3);
    const auto loss = [&] {
      auto y = Poisoned<double>(s.rows * s.out);
      PackedDouble(s, w).Forward(s.rows, x.data(), y.data());
      return WeightedSum(dy, y);
    };
    auto dx = Poisoned<double>(x.size());
    PackedDouble(s, w).BackwardInput(s.rows, dy.data(), dx.data(), /*accumulate=*/false);
    std::vector<double> dw(w.size(), 0.0);
    AddWeightGradient(MatMulPrecision::kFull, s.rows, s.out, s.in, dy.data(), x.data(), dw.data());
    ExpectGradient("x", x, dx, loss);
    ExpectGradient("w", w, dw, loss);
  }
}

// Float results of `precision` against the double ones.
void ExpectAgrees(const Case& s, MatMulPrecision precision, double tolerance) {
  const auto x = RandomDoubles(s.rows * s.in, 1), w = RandomDoubles(s.out * s.in, 2);
  const auto dy = RandomDoubles(s.rows * s.out, 3), before = RandomDoubles(s.rows * s.in, 4);
  const LinearWeight<double> reference = PackedDouble(s, w);
  LinearWeight<float> weight(s.out, s.in, precision);
  weight.Pack(Convert<float>(w).data());

  std::vector<double> expected(s.rows * s.out);
  reference.Forward(s.rows, x.data(), expected.data());
  auto y = Poisoned<float>(s.rows * s.out);
  weight.Forward(s.rows, Convert<float>(x).data(), y.data());
  ExpectClose(y, expected, tolerance);

  for (const bool accumulate : {false, true}) {
    std::vector<double> expected_dx = before;
    reference.BackwardInput(s.rows, dy.data(), expected_dx.data(), accumulate);
    auto dx = accumulate ? Convert<float>(before) : Poisoned<float>(before.size());
    weight.BackwardInput(s.rows, Convert<float>(dy).data(), dx.data(), accumulate);
    ExpectClose(dx, expected_dx, tolerance);
  }
}

TEST(LinearWeight, FloatAgreesWithDouble) {
  for (const Case& s : Cases()) ExpectAgrees(s, MatMulPrecision::kFull, 1e-5);
}

TEST(LinearWeight, Bfloat16AgreesWithDoubleWithinItsPrecision) {
  if (!CpuHasBfloat16()) GTEST_SKIP() << "this processor does not multiply bfloat16";
  for (const Case& s : Cases()) ExpectAgrees(s, MatMulPrecision::kBfloat16, 1e-2);
}

// Numbers that bfloat16 holds exactly, so that only results are rounded.
std::vector<double> Halves(int64_t n, uint64_t seed) {
  std::vector<double> x = RandomDoubles(n, seed);
  for (double& value : x) value = FromBfloat16(ToBfloat16(value));
  return x;
}

std::vector<Bfloat16> Narrowed(const std::vector<double>& x) {
  std::vector<Bfloat16> y;
  for (const double value : x) y.push_back(ToBfloat16(value));
  return y;
}

TEST(LinearWeight, ActivationsMayBeBfloat16) {
  for (const Case& s : Cases()) {
    const auto x = Halves(s.rows * s.in, 1), w = Halves(s.out * s.in, 2);
    const auto dy = Halves(s.rows * s.out, 3);
    const LinearWeight<double> reference = PackedDouble(s, w);
    LinearWeight<Bfloat16> weight(s.out, s.in, MatMulPrecision::kBfloat16);
    weight.Pack(Convert<float>(w).data());

    std::vector<double> expected(s.rows * s.out);
    reference.Forward(s.rows, x.data(), expected.data());
    auto y = Poisoned<float>(expected.size());
    weight.Forward(s.rows, Narrowed(x).data(), y.data());
    ExpectClose(y, expected, 1e-6);

    std::vector<double> expected_dx(s.rows * s.in);
    reference.BackwardInput(s.rows, dy.data(), expected_dx.data(), /*accumulate=*/false);
    std::vector<Bfloat16> dx(expected_dx.size());
    weight.BackwardInput(s.rows, Narrowed(dy).data(), dx.data(), /*accumulate=*/false);
    std::vector<float> widened(dx.size());
    for (size_t i = 0; i < dx.size(); ++i) widened[i] = FromBfloat16(dx[i]);
    ExpectClose(widened, expected_dx, 0.004);

    std::vector<double> expected_dw(w.size(), 0.0);
    AddWeightGradient(MatMulPrecision::kFull, s.rows, s.out, s.in, dy.data(), x.data(),
                      expected_dw.data());
    std::vector<float> dw(w.size(), 0.0f);
    AddWeightGradient(MatMulPrecision::kBfloat16, s.rows, s.out, s.in, Narrowed(dy).data(),
                      Narrowed(x).data(), dw.data());
    ExpectClose(dw, expected_dw, 1e-6);
  }
}

std::vector<MatMulPrecision> Precisions() {
  if (!CpuHasBfloat16()) return {MatMulPrecision::kFull};
  return {MatMulPrecision::kFull, MatMulPrecision::kBfloat16};
}

TEST(LinearWeight, SameBitsForAnyThreads) {
  for (const Case& s : Cases()) {
    const auto x = RandomFloats(s.rows * s.in, 1), dy = RandomFloats(s.rows * s.out, 3);
    for (const MatMulPrecision precision : Precisions()) {
      LinearWeight<float> weight(s.out, s.in, precision);
      weight.Pack(RandomFloats(s.out * s.in, 2).data());
      ExpectSameBitsForAnyThreads([&] {
        std::vector<float> y(s.rows * s.out), dx(s.rows * s.in, 1.0f);
        weight.Forward(s.rows, x.data(), y.data());
        weight.BackwardInput(s.rows, dy.data(), dx.data(), /*accumulate=*/true);
        return Joined<float>({y, dx});
      });
    }
  }
}

TEST(LinearWeight, CanBePackedAgain) {
  LinearWeight<float> weight(2, 2, MatMulPrecision::kFull);
  const std::vector<float> first = {1, 2, 3, 4}, second = {5, 6, 7, 8}, x = {1, 10};
  std::vector<float> y(2);
  weight.Pack(first.data());
  weight.Pack(second.data());
  weight.Forward(1, x.data(), y.data());
  EXPECT_EQ(y, (std::vector<float>{65, 87}));
}

TEST(LinearWeight, IsPackedAgainWhereItLiesUnlessOthersShareIt) {
  const std::vector<float> first = {1, 2, 3, 4}, second = {5, 6, 7, 8};
  for (const WeightStorage storage : {WeightStorage::kFloat32, WeightStorage::kBfloat16}) {
    LinearWeight<float> weight(2, 2, MatMulPrecision::kFull, storage);
    weight.Pack(first.data());
    const StoredMatrix* const matrix = weight.stored().get();
    weight.Pack(second.data());
    EXPECT_EQ(weight.stored().get(), matrix);
    LinearWeight<float> other(2, 2, MatMulPrecision::kFull, storage);
    other.Adopt(weight.stored());
    weight.Pack(first.data());
    std::vector<float> row(2);
    other.ReadRow(0, row.data());
    EXPECT_EQ(row, (std::vector<float>{5, 6}));
    weight.ReadRow(0, row.data());
    EXPECT_EQ(row, (std::vector<float>{1, 2}));
  }
}

}  // namespace
}  // namespace ropewalk
