#include "services/client/job_view.h"

#include <gtest/gtest.h>

#include <sstream>

namespace ropewalk {
namespace {

class FixedClock : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() const override { return now; }
  absl::Duration now;
};

v1::WatchJobResponse AtStep(int64_t step) {
  v1::WatchJobResponse news;
  news.mutable_job()->set_state(v1::JOB_STATE_RUNNING);
  news.mutable_job()->mutable_progress()->set_step(step);
  news.mutable_job()->mutable_progress()->set_total_steps(9);
  news.mutable_job()->mutable_progress()->set_loss(1);
  return news;
}

v1::WatchJobResponse WithEvent(v1::WatchJobResponse news) {
  news.add_events()->set_message("something happened");
  return news;
}

class JobViewTest : public ::testing::Test {
 protected:
  std::ostringstream out_, err_;
  FixedClock clock_;
  Console console_{out_, err_, false, false, 40, &clock_};
};

TEST_F(JobViewTest, PrintsProgressAtMostEveryFewSeconds) {
  const auto view = MakeProgressView(console_);
  view->Update(AtStep(1));
  clock_.now = absl::Seconds(1);
  view->Update(AtStep(2));
  clock_.now = absl::Seconds(6);
  view->Update(AtStep(3));
  EXPECT_EQ(err_.str(), "running   step 1/9   loss 1.0000\nrunning   step 3/9   loss 1.0000\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(JobViewTest, PrintsEveryEventAtOnce) {
  const auto view = MakeProgressView(console_);
  view->Update(WithEvent(AtStep(0)));
  view->Update(WithEvent(AtStep(0)));
  EXPECT_EQ(err_.str(),
            "00:00:00  unspecified         something happened\n"
            "00:00:00  unspecified         something happened\n");
}

TEST_F(JobViewTest, RedrawsOneLineOnATerminal) {
  console_.terminal = true;
  const auto view = MakeProgressView(console_);
  view->Update(AtStep(1));
  view->Update(AtStep(2));
  view->Close();
  EXPECT_EQ(err_.str(), "running     1/9   loss 1.0000\r\033[Krunning     2/9   loss 1.0000\n");
}

TEST_F(JobViewTest, ColoursOnlyWhereColoursAreWanted) {
  console_.terminal = console_.color = true;
  MakeProgressView(console_)->Update(AtStep(1));
  EXPECT_EQ(err_.str(), "\033[32mrunning\033[0m     1/9   loss 1.0000");
}

TEST_F(JobViewTest, GivesEventsAsData) {
  MakeEventView(console_)->Update(WithEvent(AtStep(1)));
  EXPECT_EQ(out_.str(), "00:00:00  unspecified         something happened\n");
  EXPECT_EQ(err_.str(), "");
}

}  // namespace
}  // namespace ropewalk
