#include "worker/peft/dora.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace ropewalk {
namespace {

constexpr int64_t kOut = 3, kIn = 4, kRank = 2;
const LoraShape kShape = {.in = kIn, .out = kOut, .rank = kRank, .scale = 0.5};

std::vector<double> Noise(int64_t n, int64_t begin) {
  std::vector<double> noise(n);
  for (int64_t i = 0; i < n; ++i) noise[i] = std::sin(12.9898 * (begin + i));
  return noise;
}

// ‖W + s B A‖ of each row, by its definition.
std::vector<double> Norms(const std::vector<double>& w, const std::vector<double>& a,
                          const std::vector<double>& b) {
  std::vector<double> norms(kOut);
  for (int64_t j = 0; j < kOut; ++j) {
    for (int64_t i = 0; i < kIn; ++i) {
      double value = w[j * kIn + i];
      for (int64_t k = 0; k < kRank; ++k) value += kShape.scale * b[j * kRank + k] * a[k * kIn + i];
      norms[j] += value * value;
    }
    norms[j] = std::sqrt(norms[j]);
  }
  return norms;
}

struct Layer {
  Layer() : weight(kOut, kIn, MatMulPrecision::kFull) {
    weight.Pack(w.data());
    dora.SetBase(&weight, w);
    dora.Update(kShape, a.data(), b.data(), magnitude.data());
  }

  const std::vector<double> w = Noise(kOut * kIn, 0), a = Noise(kRank * kIn, 100),
                            b = Noise(kOut * kRank, 200), magnitude = Noise(kOut, 300);
  LinearWeight<double> weight;
  Dora<double> dora;
};

TEST(Dora, BeginsWithTheNormsOfTheBase) {
  const Layer layer;
  const std::vector<double> none(kOut * kRank);
  const std::vector<double> expected = Norms(layer.w, layer.a, none);
  const std::vector<double> norms = layer.dora.BaseNorms();
  for (int64_t j = 0; j < kOut; ++j) EXPECT_DOUBLE_EQ(norms[j], expected[j]);
}

TEST(Dora, ScalesByMagnitudeOverNorm) {
  const Layer layer;
  const std::vector<double> norms = Norms(layer.w, layer.a, layer.b);
  std::vector<double> u(2 * kOut, 1.0);
  layer.dora.Scale(2, u.data());
  for (int64_t i = 0; i < 2 * kOut; ++i) {
    EXPECT_NEAR(u[i], layer.magnitude[i % kOut] / norms[i % kOut], 1e-13);
  }
}

TEST(Dora, PassesGradientsWithTheNormHeld) {
  const Layer layer;
  const std::vector<double> norms = Norms(layer.w, layer.a, layer.b);
  const std::vector<double> dy = Noise(2 * kOut, 400), u = Noise(2 * kOut, 500);
  std::vector<double> du = u, d_magnitude(kOut, 1.0);
  layer.dora.Backward(2, dy.data(), du.data(), d_magnitude.data());
  for (int64_t j = 0; j < kOut; ++j) {
    EXPECT_NEAR(d_magnitude[j], 1 + (dy[j] * u[j] + dy[kOut + j] * u[kOut + j]) / norms[j], 1e-13);
    EXPECT_NEAR(du[j], dy[j] * layer.magnitude[j] / norms[j], 1e-13);
  }
}

}  // namespace
}  // namespace ropewalk
