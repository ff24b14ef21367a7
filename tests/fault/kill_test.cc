#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <random>
#include <regex>
#include <string>

#include "services/common/clock.h"
#include "tests/testing/process_cluster_test_base.h"
#include "tests/testing/until.h"

// Whatever happens to processes, the job ends with the very bits of an undisturbed run.

namespace ropewalk {
namespace {

class Kill : public ProcessClusterTest {
 protected:
  void SetUp() override {
    ProcessClusterTest::SetUp();
    StartWorkers({"w0", "w1"});
    const absl::Duration start = Clock::Real()->Monotonic();
    undisturbed_ = AwaitResult(Submit());
    duration_ = Clock::Real()->Monotonic() - start;
  }

  std::string Submit(const std::vector<std::string>& settings = {"workers.min=2"}) {
    const auto job = cluster_->Submit(Sample("lora"), settings);
    EXPECT_TRUE(job.ok()) << job.status();
    return job.value_or("");
  }

  std::string AwaitResult(const std::string& job) {
    const auto version = cluster_->AwaitResult(job);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or("");
  }

  // Lets the job run for a while, or to its end.
  void LetRun(const std::string& job, absl::Duration time) {
    auto waiting = cluster_->StartWaiting(job);
    ASSERT_TRUE(waiting.ok()) << waiting.status();
    (void)waiting->Wait(time);
  }

  void AwaitStep(const std::string& job, int64_t step) {
    ASSERT_TRUE(Until(absl::Seconds(60),
                      [&] {
                        const auto text = cluster_->Command({"jobs", "get", job, "-o", "json"});
                        std::smatch found;
                        return text.ok() &&
                               std::regex_search(*text, found, std::regex("\"step\": (\\d+)")) &&
                               std::stoll(found[1]) >= step;
                      })
                    .ok())
        << cluster_->Events(job);
  }

  // The longest time in seconds for which the job, once interrupted, finished no step.
  double LongestPause(const std::string& job) {
    const std::string events = cluster_->Events(job);
    const std::regex pause("steps go on .* after ([0-9.]+) s");
    double longest = 0;
    for (std::sregex_iterator it(events.begin(), events.end(), pause), end; it != end; ++it) {
      longest = std::max(longest, std::stod((*it)[1]));
    }
    return longest;
  }

  std::string undisturbed_;  // version
  absl::Duration duration_;
};

TEST_F(Kill, OfAWorkerAtAnyMomentChangesNoBit) {
  const uint64_t seed = std::random_device()();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    const double moment = std::uniform_real_distribution<>(0, 1)(random);
    const std::string victim = random() % 2 == 0 ? "w0" : "w1";
    SCOPED_TRACE(testing::Message()
                 << "seed " << seed << ", round " << round << ": " << victim << " at " << moment);
    const std::string job = Submit();
    LetRun(job, duration_ * moment);
    cluster_->Kill(victim);
    ASSERT_TRUE(cluster_->StartWorker(victim).ok());
    ASSERT_EQ(AwaitResult(job), undisturbed_) << cluster_->Events(job);
    // Who reports a broken ring says in the same breath what it was doing.
    ASSERT_EQ(cluster_->Events(job).find("in phase \"\""), std::string::npos)
        << cluster_->Events(job);
    ASSERT_TRUE(cluster_->AwaitWorkers(2).ok());
  }
}

// Less than the wait for a hung process: a dead one is known by its broken stream. On a quiet
// machine it is under a second.
TEST_F(Kill, OfAWorkerPausesTheMainJobForAtMostThreeSeconds) {
  const auto job = cluster_->Submit("examples/dates/job.yaml");
  ASSERT_TRUE(job.ok()) << job.status();
  AwaitStep(*job, 30);
  cluster_->Kill("w1");
  AwaitStep(*job, 60);
  const double pause = LongestPause(*job);
  RecordProperty("pause", std::to_string(pause));
  EXPECT_GT(pause, 0) << cluster_->Events(*job);
  EXPECT_LE(pause, 3) << cluster_->Events(*job);
}

TEST_F(Kill, OfTheOnlyWorkerResumesFromTheCheckpoint) {
  cluster_->Kill("w1");
  const std::string job = Submit({"workers.min=1", "workers.max=1"});
  AwaitStep(job, 20);
  cluster_->Kill("w0");
  ASSERT_TRUE(cluster_->StartWorker("w0").ok());
  EXPECT_EQ(AwaitResult(job), undisturbed_) << cluster_->Events(job);
}

TEST_F(Kill, ANewWorkerJoinsHalfWay) {
  const std::string job = Submit();
  AwaitStep(job, 10);
  ASSERT_TRUE(cluster_->StartWorker("w2").ok());
  EXPECT_EQ(AwaitResult(job), undisturbed_) << cluster_->Events(job);
}

TEST_F(Kill, AWorkerStoppedPastItsLeaseIsReplacedAndDoesNoHarm) {
  const std::string job = Submit({"workers.min=2", "training.epochs=40", "training.max_steps=60"});
  AwaitStep(job, 10);
  cluster_->Signal("w1", SIGSTOP);
  const std::string with_one = AwaitResult(job);
  cluster_->Signal("w1", SIGCONT);
  ASSERT_TRUE(cluster_->AwaitWorkers(2).ok());
  EXPECT_EQ(AwaitResult(Submit({"workers.min=2", "training.epochs=40", "training.max_steps=60"})),
            with_one);
}

TEST_F(Kill, OfTheCoordinatorCostsNothing) {
  const std::string job = Submit();
  AwaitStep(job, 10);
  cluster_->Kill("coordinator");
  ASSERT_TRUE(cluster_->StartCoordinator().ok());
  ASSERT_TRUE(cluster_->AwaitWorkers(2).ok());
  EXPECT_EQ(AwaitResult(job), undisturbed_) << cluster_->Events(job);
}

TEST_F(Kill, OfTheRegistryOnlyDelaysThePublishing) {
  const std::string job = Submit();
  AwaitStep(job, 10);
  cluster_->Kill("registry");
  AwaitStep(job, 40);
  ASSERT_TRUE(cluster_->StartRegistry().ok());
  EXPECT_EQ(AwaitResult(job), undisturbed_) << cluster_->Events(job);
}

TEST_F(Kill, PausedAndResumedItEndsAlike) {
  const std::string job = Submit();
  AwaitStep(job, 10);
  ASSERT_TRUE(cluster_->Command({"jobs", "pause", job}).ok());
  ASSERT_TRUE(Until(absl::Seconds(30), [&] {
                const auto text = cluster_->Command({"jobs", "get", job, "-o", "json"});
                return text.ok() && text->find("\"state\": \"paused\"") != std::string::npos;
              }).ok());
  ASSERT_TRUE(cluster_->Command({"jobs", "resume", job}).ok());
  EXPECT_EQ(AwaitResult(job), undisturbed_) << cluster_->Events(job);
}

TEST_F(Kill, ADrainedWorkerLeavesAndTheJobGoesOn) {
  const std::string job = Submit();
  AwaitStep(job, 10);
  ASSERT_TRUE(cluster_->Command({"workers", "drain", "w1"}).ok());
  EXPECT_EQ(AwaitResult(job), undisturbed_) << cluster_->Events(job);
}

}  // namespace
}  // namespace ropewalk
