#include "worker/ops/swiglu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/testing/gradient_check.h"
#include "worker/ops/lanes.h"
#include "worker/ops/ops_testing.h"
#include "worker/ops/residual.h"

namespace ropewalk {
namespace {

TEST(Swiglu, GradientsAreThoseOfTheForwardPass) {
  for (const int64_t n : {1, 7, 64}) {
    auto gate = RandomDoubles(n, 1), up = RandomDoubles(n, 2);
    const auto dy = RandomDoubles(n, 3);
    const auto loss = [&] {
      auto y = Poisoned<double>(n);
      SwigluForward(n, gate.data(), up.data(), y.data());
      return WeightedSum(dy, y);
    };
    auto dgate = Poisoned<double>(n), dup = Poisoned<double>(n);
    SwigluBackward(n, dy.data(), gate.data(), up.data(), dgate.data(), dup.data());
    ExpectGradient("gate", gate, dgate, loss);
    ExpectGradient("up", up, dup, loss);
  }
}

TEST(Swiglu, GradientsMayReplaceTheInputs) {
  const auto gate = RandomFloats(100, 1), up = RandomFloats(100, 2), dy = RandomFloats(100, 3);
  std::vector<float> dgate(100), dup(100), gate_in_place = gate, up_in_place = up;
  SwigluBackward(100, dy.data(), gate.data(), up.data(), dgate.data(), dup.data());
  SwigluBackward(100, dy.data(), gate_in_place.data(), up_in_place.data(), gate_in_place.data(),
                 up_in_place.data());
  EXPECT_EQ(gate_in_place, dgate);
  EXPECT_EQ(up_in_place, dup);
}

template <typename T>
std::vector<T> RunOp(int64_t n) {
  std::vector<double> wide = RandomDoubles(n, 1);
  for (double& x : wide) x *= 20;  // far into both tails
  const auto gate = Convert<T>(wide), up = Convert<T>(RandomDoubles(n, 2));
  const auto dy = Convert<T>(RandomDoubles(n, 3));
  auto y = Poisoned<T>(n), dgate = Poisoned<T>(n), dup = Poisoned<T>(n);
  SwigluForward(n, gate.data(), up.data(), y.data());
  SwigluBackward(n, dy.data(), gate.data(), up.data(), dgate.data(), dup.data());
  return Joined<T>({y, dgate, dup});
}

TEST(Swiglu, FloatAgreesWithDouble) { ExpectClose(RunOp<float>(1000), RunOp<double>(1000), 1e-6); }

TEST(Swiglu, SameBitsForAnyThreads) {
  for (const int64_t n : {1, 5000, 12345}) {
    ExpectSameBitsForAnyThreads([n] { return RunOp<float>(n); });
  }
}

TEST(Swiglu, ExpIsWithinTwoUnitsInTheLastPlace) {
  for (float x = -86.9f; x < 88.0f; x += 0.0137f) {
    const double exact = std::exp(static_cast<double>(x));
    ASSERT_NEAR(Exp(x) / exact, 1.0, 2.4e-7) << x;
  }
  EXPECT_EQ(Exp(-1000.0f), 0.0f);
  EXPECT_EQ(Exp(0.0f), 1.0f);
}

TEST(Swiglu, Bfloat16IsRoundedOnce) {
  constexpr int64_t kSize = 12345;
  auto wide = RandomDoubles(kSize, 1);
  for (double& x : wide) x *= 20;
  const auto short_gate = Convert<Bfloat16>(wide);
  const auto short_up = Convert<Bfloat16>(RandomDoubles(kSize, 2));
  const auto short_dy = Convert<Bfloat16>(RandomDoubles(kSize, 3));
  const auto gate = Widened(short_gate), up = Widened(short_up), dy = Widened(short_dy);
  auto y = Poisoned<double>(kSize), dgate = y, dup = y;
  SwigluForward(kSize, gate.data(), up.data(), y.data());
  SwigluBackward(kSize, dy.data(), gate.data(), up.data(), dgate.data(), dup.data());

  auto short_y = Poisoned<Bfloat16>(kSize), short_dgate = short_y, short_dup = short_y;
  auto gate_in_place = short_gate, up_in_place = short_up;
  SwigluForward(kSize, short_gate.data(), short_up.data(), short_y.data());
  SwigluBackward(kSize, short_dy.data(), short_gate.data(), short_up.data(), short_dgate.data(),
                 short_dup.data());
  SetThreads(2);
  SwigluBackward(kSize, short_dy.data(), gate_in_place.data(), up_in_place.data(),
                 gate_in_place.data(), up_in_place.data());
  SetThreads(1);
  ExpectRounded(short_y, y);
  ExpectRounded(short_dgate, dgate);
  ExpectRounded(short_dup, dup);
  EXPECT_EQ(gate_in_place, short_dgate);
  EXPECT_EQ(up_in_place, short_dup);
}

// Blocks of a product [rows, size], the last ones not whole, to `take`.
template <typename Take>
void ForEachBlock(int64_t rows, int64_t size, const std::vector<float>& product, const Take& take) {
  for (int64_t row = 0; row < rows; row += kTile) {
    for (int64_t column = 0; column < size; column += kTile) {
      float values[kTile * kTile] = {};
      const ProductBlock block = {row, std::min(kTile, rows - row), column,
                                  std::min(kTile, size - column), values};
      for (int64_t i = 0; i < block.rows; ++i) {
        std::copy_n(&product[(row + i) * size + column], block.columns, values + i * kTile);
      }
      take(block);
    }
  }
}

// The same formula; compilers may contract its sums in another way.
template <typename T>
void ExpectSinksAgree(double tolerance) {
  const int64_t rows = 37, size = 75, n = rows * size;
  const auto gate = Convert<T>(RandomDoubles(n, 1)), up = Convert<T>(RandomDoubles(n, 2));
  const auto dy = Convert<T>(RandomDoubles(n, 3));
  const auto wide = [](const std::vector<T>& x) {
    std::vector<float> result;
    for (const T value : x) result.push_back(Widen(value));
    return result;
  };
  const auto doubles = [](const std::vector<T>& x) {
    std::vector<double> result;
    for (const T value : x) result.push_back(Widen(value));
    return result;
  };
  auto y = Poisoned<T>(n), dgate = Poisoned<T>(n), dup = Poisoned<T>(n);
  SwigluForward(n, gate.data(), up.data(), y.data());
  SwigluBackward(n, dy.data(), gate.data(), up.data(), dgate.data(), dup.data());

  auto sink_up = Poisoned<T>(n), sink_y = Poisoned<T>(n);
  ForEachBlock(rows, size, wide(up),
               SwigluSink<T>{gate.data(), sink_up.data(), sink_y.data(), size});
  EXPECT_EQ(sink_up, up);
  ExpectClose(wide(sink_y), doubles(y), tolerance);

  auto place_gate = gate, place_up = up;
  sink_y = Poisoned<T>(n);
  ForEachBlock(rows, size, wide(dy),
               SwigluGradientSink<T>{place_gate.data(), place_up.data(), sink_y.data(), size});
  ExpectClose(wide(sink_y), doubles(y), tolerance);
  ExpectClose(wide(place_gate), doubles(dgate), tolerance);
  ExpectClose(wide(place_up), doubles(dup), tolerance);
}

TEST(Swiglu, WithinAProductItIsTheSame) {
  ExpectSinksAgree<float>(1e-6);
  ExpectSinksAgree<Bfloat16>(4e-3);
}

TEST(Residual, WithinAProductItIsTheSame) {
  const int64_t rows = 37, size = 75, n = rows * size;
  const auto x = Convert<float>(RandomDoubles(n, 1)), y = Convert<float>(RandomDoubles(n, 2));
  auto plain = Poisoned<float>(n), within = Poisoned<float>(n);
  AddResidual<float>(n, x.data(), y.data(), plain.data());
  ForEachBlock(rows, size, y, ResidualSink{x.data(), within.data(), size});
  EXPECT_EQ(within, plain);
}

}  // namespace
}  // namespace ropewalk
