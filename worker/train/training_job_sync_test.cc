// How jobs exchange what they computed: sums that round, and local steps.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "worker/train/testing/training_job_test_base.h"

namespace ropewalk {
namespace {

// Rounds to whole numbers, and fails when told to.
class RoundingReducer final : public GradientReducer {
 public:
  absl::Status AllReduce(int64_t, const Contribution& contribution) override {
    for (size_t i = 0; i < contribution.owed.size(); ++i) {
      const float wanted = contribution.float_sums[i] + contribution.owed[i];
      contribution.float_sums[i] = std::round(wanted);
      contribution.owed_next[i] = wanted - contribution.float_sums[i];
    }
    return fails ? absl::UnavailableError("cut") : absl::OkStatus();
  }
  bool fails = false;
};

TEST_F(TrainingJobTest, WhatRoundingLeavesOutIsOwedOnceTheStepIsDone) {
  spec_.mutable_sync()->set_reduction(v1::REDUCTION_INT8);
  const std::unique_ptr<TrainingJob> job = NewJob();
  const std::vector<float> nothing(job->state().parameters.size());
  EXPECT_EQ(job->state().owed, nothing);
  RoundingReducer reducer;
  reducer.fails = true;
  EXPECT_FALSE(job->trainer().Step({}, &reducer).ok());
  EXPECT_EQ(job->state().owed, nothing);
  reducer.fails = false;
  ASSERT_TRUE(job->trainer().Step({}, &reducer).ok());
  const std::vector<float> owed = job->state().owed;
  EXPECT_NE(owed, nothing);
  const std::unique_ptr<TrainingJob> resumed = NewJob();
  ASSERT_TRUE(resumed->RestoreState(job->state().Serialize(job->plan_digest())).ok());
  EXPECT_EQ(resumed->state().owed, owed);
  ASSERT_TRUE(job->trainer().Step({}, &reducer).ok());
  ASSERT_TRUE(resumed->trainer().Step({}, &reducer).ok());
  EXPECT_EQ(resumed->state().Digest(), job->state().Digest());
  EXPECT_EQ(resumed->state().owed, job->state().owed);
}

TEST_F(TrainingJobTest, ACheckpointOwesWhatAllRanksOwe) {
  spec_.mutable_sync()->set_reduction(v1::REDUCTION_INT8);
  std::vector<std::unique_ptr<TrainingJob>> jobs;
  for (int rank = 0; rank < 3; ++rank) {
    jobs.push_back(NewJob());
    jobs[rank]->trainer().mutable_state()->owed[5] = 1.0f + rank;
  }
  TeamOfThreads threads(3);
  ASSERT_TRUE(threads
                  .Run([&](int rank, GradientReducer* reducer) {
                    return jobs[rank]->trainer().GatherOwed({rank, {1, 1, 1}}, reducer);
                  })
                  .ok());
  EXPECT_EQ(jobs[0]->state().owed[5], 6.0f);
  EXPECT_EQ(jobs[1]->state().owed[5], 0.0f);
  EXPECT_EQ(jobs[2]->state().owed[5], 0.0f);
}

// A worker that is alone goes where it went, if it goes the whole way.
TEST_F(TrainingJobTest, LocalStepsOfOneWorkerAreItsSteps) {
  SoloReducer solo;
  spec_.mutable_sync()->set_reduction(v1::REDUCTION_FLOAT32);
  const std::unique_ptr<TrainingJob> together = NewJob();
  spec_.mutable_sync()->set_local_steps(4);
  spec_.mutable_sync()->mutable_outer()->set_learning_rate(1);
  spec_.mutable_sync()->mutable_outer()->set_momentum(0);
  const std::unique_ptr<TrainingJob> apart = NewJob();
  ASSERT_TRUE(Train(together.get(), {}, &solo, together->total_steps()).ok());
  ASSERT_TRUE(Train(apart.get(), {}, &solo, apart->total_steps()).ok());
  ASSERT_EQ(apart->state().steps.size(), together->state().steps.size());
  for (size_t i = 0; i < together->state().steps.size(); ++i) {
    EXPECT_EQ(apart->state().steps[i].step, together->state().steps[i].step);
    EXPECT_EQ(apart->state().steps[i].learning_rate, together->state().steps[i].learning_rate);
    EXPECT_NEAR(apart->state().steps[i].loss, together->state().steps[i].loss, 1e-4) << i;
  }
  EXPECT_EQ(apart->state().evaluations.size(), together->state().evaluations.size());
}

TEST_F(TrainingJobTest, RanksThatTakeLocalStepsMeetAgain) {
  spec_.mutable_training()->set_epochs(8);
  spec_.mutable_sync()->set_local_steps(3);
  const auto result = ResultOfTeam({1, 1, 1});  // which compares all ranks' digests
  const std::string& log = result.at("training.jsonl");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 24 + 8) << log;
  SoloReducer solo;
  const std::unique_ptr<TrainingJob> alone = NewJob();
  ASSERT_TRUE(Train(alone.get(), {}, &solo, alone->total_steps()).ok());
  EXPECT_LT(alone->state().steps.back().loss, 0.9 * alone->state().steps.front().loss);
}

TEST_F(TrainingJobTest, ARoundThatIsBrokenOffIsTakenAgain) {
  spec_.mutable_sync()->set_local_steps(3);
  spec_.mutable_sync()->set_reduction(v1::REDUCTION_INT8);
  RoundingReducer reducer;
  const std::unique_ptr<TrainingJob> job = NewJob(), whole = NewJob();
  reducer.fails = true;
  const uint64_t before = job->state().Digest();
  EXPECT_FALSE(job->trainer().Step({}, &reducer).ok());
  EXPECT_EQ(job->state().Digest(), before);
  reducer.fails = false;
  ASSERT_TRUE(Train(job.get(), {}, &reducer, 3).ok());
  const std::unique_ptr<TrainingJob> resumed = NewJob();
  ASSERT_TRUE(resumed->RestoreState(job->state().Serialize(job->plan_digest())).ok());
  ASSERT_TRUE(Train(resumed.get(), {}, &reducer, resumed->total_steps()).ok());
  ASSERT_TRUE(Train(whole.get(), {}, &reducer, whole->total_steps()).ok());
  EXPECT_EQ(*resumed->Result(), *whole->Result());
}

TEST_F(TrainingJobTest, FloatSumsAreCloseToExactOnes) {
  SoloReducer solo;
  const std::unique_ptr<TrainingJob> exact = NewJob();
  spec_.mutable_sync()->set_reduction(v1::REDUCTION_FLOAT32);
  const std::unique_ptr<TrainingJob> with_floats = NewJob();
  ASSERT_TRUE(Train(exact.get(), {}, &solo, 6).ok());
  ASSERT_TRUE(Train(with_floats.get(), {}, &solo, 6).ok());
  for (int step = 0; step < 6; ++step) {
    EXPECT_NEAR(exact->state().steps[step].loss, with_floats->state().steps[step].loss, 2e-4)
        << step;
  }
}

}  // namespace
}  // namespace ropewalk
