#include "coordinator/state/progress_meter.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

v1::WorkerReport Steps(int64_t first, int64_t last) {
  v1::WorkerReport report;
  report.set_total_steps(100);
  report.set_committed_step(last);
  for (int64_t i = first; i <= last; ++i) {
    v1::StepReport& step = *report.add_steps();
    step.set_step(i);
    step.set_loss(1.0 / static_cast<double>(i));
    step.set_learning_rate(0.5);
    step.set_tokens(1000);
    step.set_step_seconds(2);
  }
  return report;
}

TEST(ProgressMeter, TellsHowFarHowFastAndHowLongStill) {
  ProgressMeter meter;
  v1::JobProgress progress;
  EXPECT_TRUE(meter.Take(Steps(1, 4), &progress));
  EXPECT_EQ(progress.step(), 4);
  EXPECT_EQ(progress.total_steps(), 100);
  EXPECT_DOUBLE_EQ(progress.loss(), 0.25);
  EXPECT_DOUBLE_EQ(progress.learning_rate(), 0.5);
  EXPECT_DOUBLE_EQ(progress.tokens_per_second(), 500);
  EXPECT_EQ(progress.estimated_time_left().seconds(), 192);
}

TEST(ProgressMeter, TakesAStepOnceHoweverManyTellOfIt) {
  ProgressMeter meter;
  v1::JobProgress progress;
  EXPECT_TRUE(meter.Take(Steps(1, 4), &progress));
  EXPECT_FALSE(meter.Take(Steps(1, 4), &progress));
  EXPECT_FALSE(meter.Take(Steps(2, 3), &progress));
  EXPECT_EQ(progress.step(), 4);
}

TEST(ProgressMeter, BelievesACommittedStepWhoseReportWasLost) {
  ProgressMeter meter;
  v1::JobProgress progress;
  v1::WorkerReport report;
  report.set_committed_step(7);
  EXPECT_TRUE(meter.Take(report, &progress));
  EXPECT_EQ(progress.step(), 7);
}

TEST(ProgressMeter, GoesBackWhenStepsMustBeDoneAgain) {
  ProgressMeter meter;
  v1::JobProgress progress;
  meter.Take(Steps(1, 9), &progress);
  meter.Restart(5, &progress);
  EXPECT_EQ(progress.step(), 5);
  EXPECT_TRUE(meter.Take(Steps(6, 6), &progress));
  EXPECT_EQ(progress.step(), 6);
}

TEST(ProgressMeter, ForgetsOldSpeeds) {
  ProgressMeter meter;
  v1::JobProgress progress;
  v1::WorkerReport slow = Steps(1, 1);
  slow.mutable_steps(0)->set_step_seconds(1e6);
  meter.Take(slow, &progress);
  meter.Take(Steps(2, 30), &progress);
  EXPECT_DOUBLE_EQ(progress.tokens_per_second(), 500);
}

}  // namespace
}  // namespace ropewalk
