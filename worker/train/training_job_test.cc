#include "worker/train/training_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "worker/train/testing/training_job_test_base.h"

namespace ropewalk {
namespace {

TEST_F(TrainingJobTest, AnyNumberOfWorkersGivesTheSameBits) {
  const auto alone = ResultOfTeam({1.0});
  EXPECT_EQ(alone.count("model.safetensors"), 1u);
  EXPECT_EQ(alone.count("training.jsonl"), 1u);
  EXPECT_EQ(ResultOfTeam({1, 1}), alone);
  EXPECT_EQ(ResultOfTeam({5, 1, 2}), alone);
  EXPECT_EQ(ResultOfTeam({1, 1, 1, 1}), alone);
}

TEST_F(TrainingJobTest, GradientsThatTravelEarlyGiveTheSameBits) {
  const auto alone = ResultOfTeam({1.0});
  for (const int64_t part : {256, 1024}) {
    EXPECT_EQ(ResultOfTeam({1, 1}, part), alone);
    EXPECT_EQ(ResultOfTeam({1000, 1, 500}, part), alone);
  }
}

// Time passes whenever someone looks.
class TickingClock final : public Clock {
 public:
  explicit TickingClock(absl::Duration tick) : tick_(tick) {}
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() const override { return now_ += tick_; }

 private:
  const absl::Duration tick_;
  mutable absl::Duration now_;
};

TEST_F(TrainingJobTest, DealsAStepByTheSpeedsOfTheLast) {
  spec_.mutable_training()->set_micro_batch_tokens(32);
  spec_.mutable_training()->set_max_sequence_length(32);
  const TickingClock fast(absl::Seconds(1)), slow(absl::Seconds(3));
  const std::unique_ptr<TrainingJob> jobs[] = {NewJob(&fast), NewJob(&slow)};
  std::vector<StepTiming> timings[2];
  TeamOfThreads team(2);
  const absl::Status status = team.Run([&](int rank, GradientReducer* reducer) {
    Team of_rank = {rank, {1, 1}};
    for (int step = 0; step < 2; ++step) {
      ASSIGN_OR_RETURN(StepTiming timing, jobs[rank]->trainer().Step(of_rank, reducer));
      FollowSpeeds(timing.tokens_per_second, &of_rank.weights);
      timings[rank].push_back(std::move(timing));
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(status.ok()) << status;
  const StepTiming &first = timings[0][0], &of_slow = timings[1][0];
  EXPECT_THAT(first.tokens_per_second,
              testing::ElementsAre(first.own_tokens, of_slow.own_tokens / 3));
  EXPECT_EQ(of_slow.tokens_per_second, first.tokens_per_second);
  EXPECT_LT(first.own_tokens, 1.5 * of_slow.own_tokens);
  EXPECT_GT(timings[0][1].own_tokens, 1.5 * timings[1][1].own_tokens);
}

TEST_F(TrainingJobTest, CheckpointsAsTheMemoryAtHandHasItWithTheSameBits) {
  const auto plenty = NewJob();
  EXPECT_EQ(plenty->memory().checkpointed_layers, 0);
  const auto result = ResultOfTeam({1});
  at_hand_ = plenty->memory().plan.bytes() + 100;
  const auto scarce = NewJob();
  EXPECT_GT(scarce->memory().checkpointed_layers, 0);
  EXPECT_LT(scarce->memory().plan.bytes(), plenty->memory().plan.bytes());
  EXPECT_EQ(scarce->plan_digest(), plenty->plan_digest());
  EXPECT_EQ(ResultOfTeam({1}), result);
}

TEST_F(TrainingJobTest, IsRefusedWhereItDoesNotFit) {
  at_hand_ = 10000;
  const absl::Status status = Prepare().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("micro_batch_tokens"));
}

TEST_F(TrainingJobTest, ResumedAtAnyStepItEndsAlike) {
  SoloReducer solo;
  const std::unique_ptr<TrainingJob> whole = NewJob();
  ASSERT_TRUE(Train(whole.get(), {}, &solo, whole->total_steps()).ok());
  for (int64_t step = 1; step < whole->total_steps(); ++step) {
    const std::unique_ptr<TrainingJob> first = NewJob(), second = NewJob();
    ASSERT_TRUE(Train(first.get(), {}, &solo, step).ok());
    ASSERT_TRUE(second->RestoreState(first->state().Serialize(first->plan_digest())).ok());
    ASSERT_TRUE(Train(second.get(), {}, &solo, second->total_steps()).ok());
    EXPECT_EQ(second->state().Digest(), whole->state().Digest());
    EXPECT_EQ(*second->Result(), *whole->Result());
  }
}

TEST_F(TrainingJobTest, WeightsOfTheBaseTrainWithTheSameBits) {
  TrainWeightsOfTheBase();
  const auto alone = ResultOfTeam({1.0});
  EXPECT_EQ(alone.count("adapter_model.safetensors"), 1u);
  EXPECT_EQ(ResultOfTeam({5, 1, 2}), alone);
}

TEST_F(TrainingJobTest, WeightsOfTheBaseAreResumed) {
  TrainWeightsOfTheBase();
  SoloReducer solo;
  const std::unique_ptr<TrainingJob> whole = NewJob(), first = NewJob(), second = NewJob();
  ASSERT_TRUE(Train(whole.get(), {}, &solo, whole->total_steps()).ok());
  ASSERT_TRUE(Train(first.get(), {}, &solo, 2).ok());
  ASSERT_TRUE(second->RestoreState(first->state().Serialize(first->plan_digest())).ok());
  ASSERT_TRUE(Train(second.get(), {}, &solo, second->total_steps()).ok());
  EXPECT_EQ(*second->Result(), *whole->Result());
  EXPECT_LT(whole->state().steps.back().loss, whole->state().steps.front().loss);
}

// Every kind of state that an optimiser keeps; large enough for 8 bits.
TEST_F(TrainingJobTest, ResumesWithEveryOptimizer) {
  std::string config = kConfig;
  config.replace(config.find("264"), 3, "300");
  std::ofstream(folder_ / "config.json") << config;
  spec_.mutable_training()->set_weight_decay(0.1);
  for (const v1::Optimizer optimizer :
       {v1::OPTIMIZER_ADAMW_8BIT, v1::OPTIMIZER_LION, v1::OPTIMIZER_MUON, v1::OPTIMIZER_SGD}) {
    spec_.mutable_training()->set_optimizer(optimizer);
    SoloReducer solo;
    const std::unique_ptr<TrainingJob> whole = NewJob(), first = NewJob(), second = NewJob();
    ASSERT_TRUE(Train(whole.get(), {}, &solo, whole->total_steps()).ok());
    ASSERT_TRUE(Train(first.get(), {}, &solo, 2).ok());
    ASSERT_TRUE(second->RestoreState(first->state().Serialize(first->plan_digest())).ok());
    ASSERT_TRUE(Train(second.get(), {}, &solo, second->total_steps()).ok());
    EXPECT_EQ(second->state().optimizer, whole->state().optimizer);
    EXPECT_EQ(*second->Result(), *whole->Result());
    EXPECT_LT(whole->state().steps.back().loss, whole->state().steps.front().loss);
  }
}

TEST_F(TrainingJobTest, AFailedReductionLeavesTheStateAsItWas) {
  class FailsOnce final : public GradientReducer {
   public:
    absl::Status AllReduce(int64_t, const Contribution& contribution) override {
      if (calls_++ != 2) return absl::OkStatus();
      for (int32_t& sum : contribution.sums) sum = 12345;
      return absl::UnavailableError("cut");
    }
    int calls_ = 0;
  } failing;
  SoloReducer solo;
  const std::unique_ptr<TrainingJob> job = NewJob(), whole = NewJob();
  ASSERT_TRUE(job->trainer()
                  .Step({}, &failing)
                  .ok());  // two reductions: the first step measures its scales
  const uint64_t before = job->state().Digest();
  EXPECT_FALSE(job->trainer().Step({}, &failing).ok());
  EXPECT_EQ(job->state().Digest(), before);
  ASSERT_TRUE(Train(job.get(), {}, &solo, 3).ok());
  ASSERT_TRUE(Train(whole.get(), {}, &solo, 3).ok());
  EXPECT_EQ(job->state().Digest(), whole->state().Digest());
}

TEST_F(TrainingJobTest, ASumThatIsNotTheSumIsRefused) {
  class FlipsABit final : public GradientReducer {
   public:
    absl::Status AllReduce(int64_t, const Contribution& contribution) override {
      contribution.sums[100] ^= 1 << 7;
      return absl::OkStatus();
    }
  } faulty;
  const std::unique_ptr<TrainingJob> job = NewJob();
  const uint64_t before = job->state().Digest();
  const auto result = job->trainer().Step({}, &faulty);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInternal);
  EXPECT_NE(result.status().message().find("step 1"), absl::string_view::npos);
  EXPECT_EQ(job->state().Digest(), before);
}

TEST_F(TrainingJobTest, FirstStepIsComputedTwiceAndLaterOnesSeldom) {
  SoloReducer solo;
  const std::unique_ptr<TrainingJob> job = NewJob();
  int recomputed = 0;
  for (int step = 0; step < 5; ++step) {
    const auto timing = job->trainer().Step({}, &solo);
    ASSERT_TRUE(timing.ok());
    if (step == 0) {
      EXPECT_TRUE(timing->recomputed);
    }
    recomputed += timing->recomputed;
  }
  EXPECT_LT(recomputed, 5);
}

TEST_F(TrainingJobTest, LossesDoNotDependOnHowAStepIsCutIntoMicroBatches) {
  SoloReducer solo;
  spec_.mutable_training()->set_learning_rate(1e-3);
  const std::unique_ptr<TrainingJob> packed = NewJob();
  ASSERT_TRUE(Train(packed.get(), {}, &solo, packed->total_steps()).ok());
  for (const v1::Packing packing :
       {v1::PACKING_FIRST_FIT_DECREASING, v1::PACKING_FIRST_FIT, v1::PACKING_NONE}) {
    for (const int tokens : {64, 150, 4096}) {
      spec_.mutable_data()->set_packing(packing);
      spec_.mutable_training()->set_micro_batch_tokens(tokens);
      const std::unique_ptr<TrainingJob> other = NewJob();
      ASSERT_TRUE(Train(other.get(), {}, &solo, other->total_steps()).ok());
      for (int64_t step = 0; step < packed->total_steps(); ++step) {
        EXPECT_NEAR(other->state().steps[step].loss, packed->state().steps[step].loss, 1e-5)
            << "step " << step << ", " << v1::Packing_Name(packing) << ", " << tokens << " tokens";
      }
    }
  }
}

TEST_F(TrainingJobTest, RecordsWhatBecameOfTheRows) {
  spec_.mutable_training()->set_max_sequence_length(12);
  inputs_.add_train_data("datasets/local/train/versions/abc");
  SoloReducer solo;
  const std::unique_ptr<TrainingJob> job = NewJob();
  ASSERT_TRUE(Train(job.get(), {}, &solo, 1).ok());
  const std::string log = job->Result()->at("training.jsonl");
  EXPECT_EQ(log.substr(0, log.find(",\"documents")),
            R"({"train_data":"datasets/local/train/versions/abc","rows":24,"cut_rows":10,)"
            R"("too_long_rows":0,"rows_without_target":14)");
}

TEST_F(TrainingJobTest, PublishesACardAndTheOutputsAskedFor) {
  SoloReducer solo;
  const auto base = NewJob()->Result().value();
  for (const auto& [path, bytes] : base) {
    std::ofstream(folder_ / path, std::ios::binary) << bytes;
  }
  v1::Lora* lora = spec_.mutable_method()->mutable_lora();
  lora->add_outputs(v1::OUTPUT_MERGED);
  lora->add_outputs(v1::OUTPUT_GGUF);
  inputs_.add_train_data("datasets/local/train/versions/abc");
  const std::unique_ptr<TrainingJob> job = NewJob();
  ASSERT_TRUE(Train(job.get(), {}, &solo, 2).ok());
  const auto files = job->Result().value();
  for (const char* path : {"adapter_config.json", "adapter_model.safetensors", "adapter.gguf",
                           "merged/config.json", "merged/model.safetensors"}) {
    EXPECT_EQ(files.count(path), 1u) << path;
  }
  EXPECT_EQ(files.at("adapter.gguf").substr(0, 4), "GGUF");
  const std::string& card = files.at("README.md");
  EXPECT_NE(card.find("library_name: peft"), std::string::npos) << card;
  EXPECT_NE(card.find("`datasets/local/train/versions/abc`, 24 of 24 rows"), std::string::npos);
  EXPECT_NE(card.find("2 steps; training loss"), std::string::npos);
}

TEST_F(TrainingJobTest, LossFalls) {
  SoloReducer solo;
  spec_.mutable_training()->set_epochs(6);
  const std::unique_ptr<TrainingJob> job = NewJob();
  ASSERT_TRUE(Train(job.get(), {}, &solo, job->total_steps()).ok());
  EXPECT_LT(job->state().steps.back().loss, 0.8 * job->state().steps.front().loss);
}

TEST_F(TrainingJobTest, PlanDigestSeesWhatDecidesAndNothingElse) {
  const std::string digest = NewJob()->plan_digest();
  spec_.mutable_workers()->set_max(3);
  spec_.set_name("another");
  EXPECT_EQ(NewJob()->plan_digest(), digest);
  spec_.mutable_training()->set_seed(99);
  EXPECT_NE(NewJob()->plan_digest(), digest);
}

}  // namespace
}  // namespace ropewalk
