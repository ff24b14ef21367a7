#include "services/client/progress_line.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

v1::Job HalfDone() {
  v1::Job job;
  job.set_state(v1::JOB_STATE_RUNNING);
  job.mutable_progress()->set_step(50);
  job.mutable_progress()->set_total_steps(100);
  job.mutable_progress()->set_loss(1.23456);
  job.mutable_progress()->set_tokens_per_second(12345);
  job.mutable_progress()->mutable_estimated_time_left()->set_seconds(200);
  job.add_workers("workers/worker-0");
  job.add_workers("workers/worker-1");
  return job;
}

TEST(ProgressLine, DrawsABarWhereThereIsRoom) {
  EXPECT_EQ(
      ProgressLine(HalfDone(), 100),
      "running     [==========>            ] 50/100   loss 1.2346   12.3k tokens/s   2 workers   "
      "3m20s left");
}

TEST(ProgressLine, NeverExceedsTheWidth) {
  for (int width = 0; width < 200; ++width) {
    EXPECT_LE(ProgressLine(HalfDone(), width).size(), static_cast<size_t>(width));
  }
}

TEST(ProgressLine, DropsTheBarFirst) {
  EXPECT_EQ(ProgressLine(HalfDone(), 79),
            "running     50/100   loss 1.2346   12.3k tokens/s   2 workers   3m20s left");
}

TEST(ProgressLine, LeavesOutWhatIsNotKnownYet) {
  v1::Job job;
  job.set_state(v1::JOB_STATE_QUEUED);
  EXPECT_EQ(ProgressLine(job, 80), "queued   ");
}

TEST(ProgressLine, FillsTheBarAtTheEnd) {
  v1::Job job = HalfDone();
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  job.mutable_progress()->set_step(100);
  job.clear_workers();
  job.mutable_progress()->clear_tokens_per_second();
  EXPECT_EQ(ProgressLine(job, 60), "succeeded   [========================] 100/100   loss 1.2346");
}

TEST(ProgressLine, IsPlainForLogs) {
  EXPECT_EQ(PlainProgressLine(HalfDone()),
            "running   step 50/100   loss 1.2346   12.3k tokens/s   2 workers   3m20s left");
}

TEST(EventLine, GivesTimeKindAndMessage) {
  v1::JobEvent event;
  event.mutable_time()->set_seconds(3661);
  event.set_kind(v1::JobEvent::WORKER_LOST);
  event.set_message("workers/worker-1 stopped reporting");
  EXPECT_EQ(EventLine(event), "01:01:01  worker_lost         workers/worker-1 stopped reporting");
}

}  // namespace
}  // namespace ropewalk
