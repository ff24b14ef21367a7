#include "worker/optim/outer_step.h"

#include <gtest/gtest.h>

#include <vector>

namespace ropewalk {
namespace {

// torch.optim.SGD(lr=0.5, momentum=0.5, nesterov=True) with the gradients 1, then 2.
TEST(OuterStep, IsSgdWithNesterovMomentum) {
  std::vector<float> parameters = {10}, velocity = {0};
  OuterStep({0.5, 0.5}, 0.25f, {4.0f}, absl::MakeSpan(parameters), absl::MakeSpan(velocity));
  EXPECT_EQ(velocity[0], 1.0f);
  EXPECT_EQ(parameters[0], 10 - 0.5f * 1.5f);
  OuterStep({0.5, 0.5}, 0.25f, {8.0f}, absl::MakeSpan(parameters), absl::MakeSpan(velocity));
  EXPECT_EQ(velocity[0], 2.5f);
  EXPECT_EQ(parameters[0], 9.25f - 0.5f * 3.25f);
}

TEST(OuterStep, GoesTheWholeWayWithRateOneAndNoMomentum) {
  std::vector<float> parameters = {3, 5, 7}, velocity(3);
  OuterStep({1, 0}, 1, {1, 2, 3}, absl::MakeSpan(parameters), absl::MakeSpan(velocity));
  EXPECT_EQ(parameters, (std::vector<float>{2, 3, 4}));
}

}  // namespace
}  // namespace ropewalk
