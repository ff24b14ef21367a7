#include "worker/peft/lora_init.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/peft/lora_config.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

std::vector<float> Noise(int64_t n) {
  std::vector<float> noise(n);
  for (int64_t i = 0; i < n; ++i) noise[i] = static_cast<float>(std::sin(12.9898 * i * i));
  return noise;
}

double Square(const std::vector<float>& x) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * value;
  return sum;
}

// A base divided, and what it was.
struct Divided {
  Divided(const LoraInit& init, int64_t out, int64_t in, int64_t rank, std::vector<float> base)
      : whole(base), rest(std::move(base)), a(rank * in), b(out * rank) {
    DivideBase(init, out, in, rank, kScale, absl::MakeSpan(rest), absl::MakeSpan(a),
               absl::MakeSpan(b));
    for (int64_t j = 0; j < out; ++j) {
      for (int64_t i = 0; i < in; ++i) {
        double sum = rest[j * in + i];
        for (int64_t k = 0; k < rank; ++k) sum += kScale * b[j * rank + k] * a[k * in + i];
        largest_error = std::max(largest_error, std::abs(sum - whole[j * in + i]));
      }
    }
  }

  static constexpr double kScale = 2;
  std::vector<float> whole, rest, a, b;
  double largest_error = 0;
};

TEST(ParseLoraInit, KnowsEveryName) {
  EXPECT_EQ(ParseLoraInit("gaussian")->kind, LoraInit::kGaussian);
  EXPECT_EQ(ParseLoraInit("pissa_niter_16")->iterations, 16);
  EXPECT_FALSE(ParseLoraInit("kaiming")->divides_base());
  EXPECT_TRUE(ParseLoraInit("olora")->divides_base());
  for (const char* wrong : {"", "true", "pissa_niter_", "pissa_niter_0", "pissa_niter_x"}) {
    EXPECT_THAT(ParseLoraInit(wrong).status().message(), ::testing::HasSubstr("none of kaiming"));
  }
}

TEST(InitializeLora, GaussianHasTheDeviationOfPeft) {
  LoraConfig config{.rank = 8};
  for (int64_t place = 0; place < 14; ++place) config.places.push_back(place);
  const ParameterLayout layout = LoraLayout(LinearPlaces(testing::TinyConfig()), config);
  std::vector<float> values(layout.size);
  InitializeLora(layout, LoraInit::kGaussian, 1, absl::MakeSpan(values));
  double squares = 0;
  int64_t count = 0;
  for (size_t i = 0; i < layout.entries.size(); i += 2) count += layout.entries[i].size;
  for (const float value : values) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(std::sqrt(squares / count), 1 / 8.0, 0.005);
}

TEST(DivideBase, LeavesTheRestInTheBase) {
  for (const char* init : {"pissa", "pissa_niter_3", "olora"}) {
    for (const auto& [out, in] : {std::pair{12, 7}, std::pair{7, 12}, std::pair{6, 6}}) {
      EXPECT_LT(Divided(*ParseLoraInit(init), out, in, 6, Noise(out * in)).largest_error, 1e-6)
          << init << " " << out << " x " << in;
    }
  }
}

// Singular values 5 and 1.
TEST(DivideBase, PissaTakesTheLargestSingularValue) {
  const float c = 0.6f, s = 0.8f;
  const std::vector<float> base = {5 * c, -s, 5 * s, c};
  for (const char* init : {"pissa", "pissa_niter_20"}) {
    const Divided divided(*ParseLoraInit(init), 2, 2, 1, base);
    EXPECT_NEAR(Square(divided.rest), 1, 1e-5);
    EXPECT_NEAR(Square(divided.a), 2.5, 1e-5);  // 5 / scale, shared by both
    EXPECT_NEAR(Square(divided.b), 2.5, 1e-5);
  }
}

TEST(DivideBase, OloraTakesOrthonormalColumns) {
  constexpr int64_t kOut = 9, kIn = 5, kRank = 3;
  const Divided divided(*ParseLoraInit("olora"), kOut, kIn, kRank, Noise(kOut * kIn));
  for (int64_t k = 0; k < kRank; ++k) {
    for (int64_t l = 0; l < kRank; ++l) {
      double product = 0;
      for (int64_t j = 0; j < kOut; ++j)
        product += divided.b[j * kRank + k] * divided.b[j * kRank + l];
      EXPECT_NEAR(product, k == l ? 1 : 0, 1e-6);
    }
    for (int64_t i = 0; i < k; ++i) EXPECT_EQ(divided.a[k * kIn + i], 0.0f);
  }
}

TEST(DivideBase, SameBitsForAnyNumberOfThreads) {
  for (const char* init : {"pissa", "pissa_niter_2", "olora"}) {
    SetThreads(1);
    const Divided one(*ParseLoraInit(init), 40, 30, 4, Noise(1200));
    SetThreads(3);
    const Divided three(*ParseLoraInit(init), 40, 30, 4, Noise(1200));
    SetThreads(1);
    EXPECT_EQ(one.a, three.a);
    EXPECT_EQ(one.rest, three.rest);
  }
}

}  // namespace
}  // namespace ropewalk
