#include "worker/optim/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ropewalk {
namespace {

TEST(Schedule, RisesDuringWarmUpFromTheFirstStep) {
  const ScheduleOptions options{ScheduleKind::kCosine, 1.0, 0.1, 100};
  EXPECT_DOUBLE_EQ(LearningRate(options, 0), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(options, 4), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(options, 9), 1.0);
  EXPECT_DOUBLE_EQ(LearningRate(options, 10), 1.0);
}

TEST(Schedule, ConstantStaysAtThePeak) {
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kConstant, 2.0, 0, 100}, 99), 2.0);
}

TEST(Schedule, LinearFallsEvenly) {
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kLinear, 2.0, 0, 100}, 50), 1.0);
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kLinear, 2.0, 0.5, 100}, 75), 1.0);
}

TEST(Schedule, CosineFollowsTheHalfWave) {
  const ScheduleOptions options{ScheduleKind::kCosine, 1.0, 0, 1000};
  for (int step = 0; step <= 1000; ++step) {
    EXPECT_NEAR(LearningRate(options, step), (1 + std::cos(M_PI * step / 1000)) / 2, 1e-15) << step;
  }
}

TEST(Schedule, LinearAndCosineEndAtZero) {
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kLinear, 2.0, 0.03, 100}, 100), 0.0);
  EXPECT_NEAR(LearningRate({ScheduleKind::kCosine, 2.0, 0.03, 100}, 100), 0.0, 1e-30);
}

TEST(Schedule, WsdFallsOverTheLastShareOfTheSteps) {
  ScheduleOptions options{
      .kind = ScheduleKind::kWsd, .peak = 1.0, .warmup_ratio = 0.1, .total_steps = 100};
  EXPECT_DOUBLE_EQ(LearningRate(options, 4), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(options, 80), 1.0);
  EXPECT_DOUBLE_EQ(LearningRate(options, 85), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(options, 100), 0.0);
  options.decay = DecayShape::kLinear;
  options.decay_ratio = 0.5;
  EXPECT_DOUBLE_EQ(LearningRate(options, 75), 0.5);
  options.decay_ratio = 1;  // from the end of the warm-up
  EXPECT_DOUBLE_EQ(LearningRate(options, 55), 0.5);
}

TEST(Schedule, EndsAtTheLeastRate) {
  for (const ScheduleKind kind :
       {ScheduleKind::kLinear, ScheduleKind::kCosine, ScheduleKind::kWsd}) {
    const ScheduleOptions options{
        .kind = kind, .peak = 2.0, .warmup_ratio = 0, .total_steps = 100, .min_ratio = 0.1};
    EXPECT_DOUBLE_EQ(LearningRate(options, 0), 2.0);
    EXPECT_DOUBLE_EQ(LearningRate(options, 100), 0.2);
  }
}

TEST(Schedule, WarmUpIsRoundedUpToWholeSteps) {
  const ScheduleOptions options{ScheduleKind::kConstant, 1.0, 0.03, 50};
  EXPECT_DOUBLE_EQ(LearningRate(options, 0), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(options, 1), 1.0);
}

TEST(Schedule, OneStepWithWarmUpIsAtThePeak) {
  EXPECT_DOUBLE_EQ(LearningRate({ScheduleKind::kCosine, 3.0, 0.03, 1}, 0), 3.0);
}

TEST(Schedule, WarmUpOverAllStepsNeverFalls) {
  const ScheduleOptions options{ScheduleKind::kLinear, 1.0, 1.0, 10};
  for (int step = 0; step < 10; ++step)
    EXPECT_DOUBLE_EQ(LearningRate(options, step), (step + 1) / 10.0);
}

}  // namespace
}  // namespace ropewalk
