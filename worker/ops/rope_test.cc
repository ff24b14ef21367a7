#include "worker/ops/rope.h"

#include <gtest/gtest.h>

#include "absl/types/span.h"
#include "tests/testing/gradient_check.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

const std::vector<double>& Frequencies() {
  static const auto* frequencies = new std::vector<double>{1.0, 0.3, 0.01};
  return *frequencies;
}

constexpr int64_t kRows = 5;
constexpr int64_t kHeads = 3;
constexpr int64_t kSize = kRows * kHeads * 6;
const int32_t kPositions[kRows] = {0, 1, 2, 0, 9};

// The cosines and sines of some positions.
template <typename T>
struct Angles {
  Angles(const std::vector<double>& frequencies, absl::Span<const int32_t> positions,
         double factor = 1.0) {
    for (const int32_t position : positions) {
      for (const double frequency : frequencies) {
        cosines.push_back(factor * std::cos(position * frequency));
        sines.push_back(factor * std::sin(position * frequency));
      }
    }
  }
  std::vector<T> cosines, sines;
};

template <typename T>
std::vector<T> Rotated(std::vector<T> x, Rotation rotation, double factor = 1.0) {
  const Angles<T> angles(Frequencies(), kPositions, factor);
  ApplyRope(kRows, kHeads, 3, angles.cosines.data(), angles.sines.data(), rotation, x.data());
  return x;
}

TEST(Rope, TurnsPairsHalfAHeadApart) {
  const Angles<double> angles({0.5, 0.25}, {3});
  std::vector<double> x = {1, 0, 0, 1};
  ApplyRope(1, 1, 2, angles.cosines.data(), angles.sines.data(), Rotation::kForward, x.data());
  ExpectClose(x, {std::cos(1.5), -std::sin(0.75), std::sin(1.5), std::cos(0.75)}, 1e-15);
}

TEST(Rope, PositionZeroStaysAsItIs) {
  const auto x = RandomDoubles(kSize, 1), y = Rotated(x, Rotation::kForward);
  EXPECT_TRUE(std::equal(x.begin(), x.begin() + kHeads * 6, y.begin()));
}

TEST(Rope, BackwardTurnsBack) {
  const auto x = RandomDoubles(kSize, 1);
  ExpectClose(Rotated(Rotated(x, Rotation::kForward), Rotation::kBackward), x, 1e-15);
}

TEST(Rope, ScoresDependOnTheDistanceOfPositions) {
  const auto q = RandomDoubles(6, 1), k = RandomDoubles(6, 2);
  const auto score = [&](int32_t query_position, int32_t key_position) {
    auto query = q, key = k;
    const Angles<double> of_query(Frequencies(), {query_position});
    const Angles<double> of_key(Frequencies(), {key_position});
    ApplyRope(1, 1, 3, of_query.cosines.data(), of_query.sines.data(), Rotation::kForward,
              query.data());
    ApplyRope(1, 1, 3, of_key.cosines.data(), of_key.sines.data(), Rotation::kForward, key.data());
    return WeightedSum(query, key);
  };
  EXPECT_NEAR(score(7, 3), score(94, 90), 1e-12);
}

TEST(Rope, GradientIsThatOfTheForwardPass) {
  for (const double factor : {1.0, 1.3}) {  // the attention factor
    auto x = RandomDoubles(kSize, 1);
    const auto dy = RandomDoubles(kSize, 2);
    ExpectGradient("x", x, Rotated(dy, Rotation::kBackward, factor),
                   [&] { return WeightedSum(dy, Rotated(x, Rotation::kForward, factor)); });
  }
}

TEST(Rope, FloatAgreesWithDouble) {
  const auto x = RandomDoubles(kSize, 1);
  ExpectClose(Rotated(Convert<float>(x), Rotation::kForward), Rotated(x, Rotation::kForward), 1e-6);
}

TEST(Rope, SameBitsForAnyThreads) {
  const auto x = RandomFloats(kSize, 1);
  ExpectSameBitsForAnyThreads([&] { return Rotated(x, Rotation::kForward); });
}

TEST(Rope, Bfloat16IsRoundedOnce) {
  constexpr int64_t kPairs = 19;
  const std::vector<double> frequencies(kPairs, 0.7);
  const Angles<double> angles(frequencies, kPositions);
  const Angles<float> float_angles(frequencies, kPositions);
  for (const Rotation rotation : {Rotation::kForward, Rotation::kBackward}) {
    auto x = RandomShortDoubles(kRows * kHeads * 2 * kPairs, 1);
    auto short_x = Convert<Bfloat16>(x);
    ApplyRope(kRows, kHeads, kPairs, angles.cosines.data(), angles.sines.data(), rotation,
              x.data());
    ApplyRope(kRows, kHeads, kPairs, float_angles.cosines.data(), float_angles.sines.data(),
              rotation, short_x.data());
    ExpectRounded(short_x, x);
  }
}

}  // namespace
}  // namespace ropewalk
