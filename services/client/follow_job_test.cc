#include "services/client/follow_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace ropewalk {
namespace {

using ::testing::ElementsAre;

// Every look at it makes ten seconds pass.
class SteppingClock : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() const override { return now_ += absl::Seconds(10); }

 private:
  mutable absl::Duration now_;
};

// Gives its messages, then ends with a status or stays silent for ever.
class FakeStream : public JobStream {
 public:
  FakeStream(std::deque<v1::WatchJobResponse> messages, absl::Status status, bool silent = false)
      : messages_(std::move(messages)), status_(std::move(status)), silent_(silent) {}

  Result Next(absl::Duration, v1::WatchJobResponse* response) override {
    if (messages_.empty()) return silent_ ? Result::kTimeout : Result::kEnd;
    *response = messages_.front();
    messages_.pop_front();
    return Result::kMessage;
  }

  absl::Status status() const override { return status_; }

 private:
  std::deque<v1::WatchJobResponse> messages_;
  const absl::Status status_;
  const bool silent_;
};

class RecordingView : public JobView {
 public:
  void Update(const v1::WatchJobResponse& news) override { states.push_back(news.job().state()); }
  void LostCoordinator() override { ++losses; }
  void Close() override { closed = true; }

  std::vector<v1::JobState> states;
  int losses = 0;
  bool closed = false;
};

v1::WatchJobResponse News(v1::JobState state, int64_t last_sequence) {
  v1::WatchJobResponse news;
  news.mutable_job()->set_name("jobs/a");
  news.mutable_job()->set_state(state);
  news.add_events()->set_sequence(last_sequence);
  return news;
}

// Follows a job over these streams, one after the other.
class FollowJobTest : public ::testing::Test {
 protected:
  absl::StatusOr<Followed> Follow(std::vector<FakeStream> streams, FollowOptions options = {}) {
    size_t next = 0;
    return FollowJob(
        [&](int64_t after) -> std::unique_ptr<JobStream> {
          opened_after_.push_back(after);
          return std::make_unique<FakeStream>(streams.at(next++));
        },
        options, &clock_, &view_);
  }

  SteppingClock clock_;
  RecordingView view_;
  std::vector<int64_t> opened_after_;
};

TEST_F(FollowJobTest, EndsWithTheJob) {
  const auto followed = Follow({FakeStream(
      {News(v1::JOB_STATE_RUNNING, 1), News(v1::JOB_STATE_SUCCEEDED, 2)}, absl::OkStatus())});
  ASSERT_TRUE(followed.ok());
  EXPECT_EQ(followed->end, FollowEnd::kJobEnded);
  EXPECT_EQ(followed->job.state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(view_.states, ElementsAre(v1::JOB_STATE_RUNNING, v1::JOB_STATE_SUCCEEDED));
  EXPECT_TRUE(view_.closed);
}

TEST_F(FollowJobTest, GoesOnBehindTheLastEventWhenTheCoordinatorComesBack) {
  const auto followed =
      Follow({FakeStream({News(v1::JOB_STATE_RUNNING, 7)}, absl::UnavailableError("going down")),
              FakeStream({News(v1::JOB_STATE_FAILED, 8)}, absl::OkStatus())});
  ASSERT_TRUE(followed.ok());
  EXPECT_EQ(followed->job.state(), v1::JOB_STATE_FAILED);
  EXPECT_THAT(opened_after_, ElementsAre(0, 7));
  EXPECT_EQ(view_.losses, 1);
}

TEST_F(FollowJobTest, GivesUpOnACoordinatorThatStaysAway) {
  const auto followed =
      Follow({FakeStream({News(v1::JOB_STATE_RUNNING, 1)}, absl::UnavailableError("gone")),
              FakeStream({}, absl::OkStatus(), /*silent=*/true)});
  EXPECT_TRUE(absl::IsUnavailable(followed.status()));
  EXPECT_TRUE(view_.closed);
}

TEST_F(FollowJobTest, WaitsOnASilentStreamUntilTheTimeIsUp) {
  FollowOptions options;
  options.timeout = absl::Hours(1);
  const auto followed =
      Follow({FakeStream({News(v1::JOB_STATE_RUNNING, 1)}, absl::OkStatus(), true)}, options);
  ASSERT_TRUE(followed.ok()) << followed.status();
  EXPECT_EQ(followed->end, FollowEnd::kTimedOut);
}

TEST_F(FollowJobTest, DetachesWhenInterrupted) {
  FollowOptions options;
  options.interrupted = [this] { return !view_.states.empty(); };
  const auto followed =
      Follow({FakeStream({News(v1::JOB_STATE_RUNNING, 1)}, absl::OkStatus(), true)}, options);
  ASSERT_TRUE(followed.ok());
  EXPECT_EQ(followed->end, FollowEnd::kInterrupted);
  EXPECT_EQ(followed->job.name(), "jobs/a");
}

TEST_F(FollowJobTest, ReturnsOtherErrorsAtOnce) {
  const auto followed = Follow({FakeStream({}, absl::NotFoundError("no such job"))});
  EXPECT_TRUE(absl::IsNotFound(followed.status()));
}

}  // namespace
}  // namespace ropewalk
