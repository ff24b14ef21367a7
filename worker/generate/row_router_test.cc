#include "worker/generate/row_router.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// Adds x times `factor` to y, at one place.
class FactorHook final : public LinearHook<float> {
 public:
  FactorHook(float factor, int64_t place) : factor_(factor), place_(place) {}

  bool Covers(int64_t place) const override { return place == place_; }
  void BeginPass(int64_t rows, const RandomKey*) override { rows_ = rows; }
  void Forward(int64_t, const float* x, float* y) override {
    for (int64_t i = 0; i < rows_; ++i) y[i] += factor_ * x[i];
  }
  void Backward(int64_t, const float*, const float*, float*) override {}

 private:
  const float factor_;
  const int64_t place_;
  int64_t rows_ = 0;
};

class RowRouterTest : public ::testing::Test {
 protected:
  std::vector<float> Forward(int64_t place) {
    std::vector<float> y(6, 0.5f);
    const std::vector<float> x = {1, 2, 3, 4, 5, 6};
    router_.BeginPass(6, nullptr);
    router_.Forward(place, x.data(), y.data());
    return y;
  }

  FactorHook tens_{10, 0}, hundreds_{100, 0}, elsewhere_{1, 1};
  RowRouter router_{{{"a", 1, 1}, {"b", 1, 1}, {"c", 1, 1}}, {&tens_, &hundreds_, &elsewhere_}};
};

TEST_F(RowRouterTest, CoversWhatAnyHookCovers) {
  EXPECT_TRUE(router_.Covers(0));
  EXPECT_TRUE(router_.Covers(1));
  EXPECT_FALSE(router_.Covers(2));
}

TEST_F(RowRouterTest, SendsAllRowsToTheFirstHookUntilToldOtherwise) {
  EXPECT_THAT(Forward(0), ElementsAre(10.5, 20.5, 30.5, 40.5, 50.5, 60.5));
  router_.RouteAll(1);
  EXPECT_THAT(Forward(0), ElementsAre(100.5, 200.5, 300.5, 400.5, 500.5, 600.5));
  router_.RouteAll(RowRouter::kNoHook);
  EXPECT_THAT(Forward(0), Each(0.5));
}

TEST_F(RowRouterTest, SendsEachStretchToItsHook) {
  router_.Route({{2, 1}, {1, RowRouter::kNoHook}, {1, 0}, {1, 0}});
  EXPECT_THAT(Forward(0), ElementsAre(100.5, 200.5, 0.5, 40.5, 50.5, 0.5));
  router_.Route({{1, 0}, {2, 2}});
  EXPECT_THAT(Forward(1), ElementsAre(0.5, 2.5, 3.5, 0.5, 0.5, 0.5));
}

}  // namespace
}  // namespace ropewalk
