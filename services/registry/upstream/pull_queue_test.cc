#include "services/registry/upstream/pull_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr absl::Duration kLong = absl::Seconds(30);

UpstreamTarget Target(const std::string& id, const std::string& revision = "main") {
  return {"models", id, revision};
}

// Pulls that end when they are told to.
class FakePulls {
 public:
  PullQueue::Outcome Pull(const UpstreamTarget& target, const PeriodicTask::Pause& pause,
                          PullProgress* progress) {
    progress->total_bytes = 100;
    progress->bytes = 40;
    {
      MutexLock lock(&mutex_);
      begun_.push_back(target.id + "@" + target.revision);
      changed_.SignalAll();
      for (int i = 0; i < 3000 && !may_end_; ++i) {
        changed_.WaitFor(&mutex_, absl::Milliseconds(10));
        if (!pause(absl::ZeroDuration())) return absl::AbortedError("ended");
      }
    }
    return "commit of " + target.id;
  }

  void End() {
    MutexLock lock(&mutex_);
    may_end_ = true;
    changed_.SignalAll();
  }

  // When there are so many, or after half a minute.
  std::vector<std::string> AwaitBegun(size_t count) {
    MutexLock lock(&mutex_);
    for (int i = 0; i < 300 && begun_.size() < count; ++i) {
      changed_.WaitFor(&mutex_, absl::Milliseconds(100));
    }
    return begun_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool may_end_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> begun_ ABSL_GUARDED_BY(mutex_);
};

class PullQueueTest : public ::testing::Test {
 protected:
  PullQueueTest() { Limit({}); }

  void Limit(const PullLimits& limits) {
    queue_ = std::make_unique<PullQueue>(
        limits, [this](const auto& target, const auto& pause, PullProgress* progress) {
          return pulls_.Pull(target, pause, progress);
        });
  }

  // A thread that waits for a pull.
  std::thread Waiter(const UpstreamTarget& target, PullQueue::Outcome* outcome) {
    return std::thread(
        [=, this] { *outcome = queue_->Await(target, kLong, /*only_begin=*/false); });
  }

  PullQueue::Outcome Glance(const UpstreamTarget& target, bool only_begin = false) {
    return queue_->Await(target, absl::ZeroDuration(), only_begin);
  }

  FakePulls pulls_;
  std::unique_ptr<PullQueue> queue_;
};

TEST_F(PullQueueTest, SaysHowFarAPullIsThatTakesLonger) {
  EXPECT_TRUE(absl::IsAborted(Glance(Target("a/b")).status()));
  EXPECT_THAT(pulls_.AwaitBegun(1), ElementsAre("a/b@main"));
  const PullQueue::Outcome outcome = Glance(Target("a/b"));
  EXPECT_TRUE(absl::IsAborted(outcome.status()));
  EXPECT_THAT(outcome.status().message(), HasSubstr("40 of 100 bytes"));
  pulls_.End();
  EXPECT_EQ(queue_->Await(Target("a/b"), kLong, false).value(), "commit of a/b");
}

TEST_F(PullQueueTest, WhoNeedNotWaitDoesNotWaitForOthers) {
  PullQueue::Outcome first;
  std::thread waiter = Waiter(Target("a/b"), &first);
  pulls_.AwaitBegun(1);
  EXPECT_TRUE(absl::IsAborted(queue_->Await(Target("a/b"), kLong, true).status()));
  pulls_.End();
  waiter.join();
  EXPECT_EQ(first.value(), "commit of a/b");
}

TEST_F(PullQueueTest, PullsOneRevisionOfARepositoryAtATime) {
  PullQueue::Outcome first;
  PullQueue::Outcome second;
  std::thread one = Waiter(Target("a/b"), &first);
  pulls_.AwaitBegun(1);
  std::thread other = Waiter(Target("a/b", "v1"), &second);
  EXPECT_TRUE(absl::IsAborted(Glance(Target("c/d")).status()));
  EXPECT_THAT(pulls_.AwaitBegun(2), ElementsAre("a/b@main", "c/d@main"));
  pulls_.End();
  one.join();
  other.join();
  EXPECT_TRUE(first.ok() && second.ok());
  EXPECT_THAT(pulls_.AwaitBegun(3), ElementsAre("a/b@main", "c/d@main", "a/b@v1"));
}

TEST_F(PullQueueTest, RefusesWhatIsTooMuch) {
  Limit({.pulls = 1, .waiting = 1});
  PullQueue::Outcome first;
  std::thread waiter = Waiter(Target("a/b"), &first);
  pulls_.AwaitBegun(1);
  EXPECT_THAT(Glance(Target("a/b")).status().message(), HasSubstr("too much"));
  pulls_.End();
  waiter.join();
  EXPECT_EQ(first.value(), "commit of a/b");
}

TEST_F(PullQueueTest, RefusesMorePullsThanItHasThreads) {
  Limit({.pulls = 1, .waiting = 8});
  EXPECT_TRUE(absl::IsAborted(Glance(Target("a/b")).status()));
  EXPECT_THAT(pulls_.AwaitBegun(1), SizeIs(1));
  EXPECT_THAT(Glance(Target("c/d")).status().message(), HasSubstr("too much"));
  pulls_.End();
}

TEST_F(PullQueueTest, EndsThoughAPullGoesOn) {
  PullQueue::Outcome outcome;
  std::thread waiter = Waiter(Target("a/b"), &outcome);
  pulls_.AwaitBegun(1);
  queue_->Stop();
  waiter.join();
  EXPECT_TRUE(absl::IsAborted(outcome.status()));
  EXPECT_TRUE(absl::IsAborted(Glance(Target("a/b")).status()));
}

}  // namespace
}  // namespace ropewalk
