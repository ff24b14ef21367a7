#include "worker/train/training_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "services/common/job_spec.h"
#include "services/common/status_macros.h"
#include "tests/testing/team_of_threads.h"
#include "worker/tensor/parallel.h"
#include "worker/train/share.h"

// Trains a very small model for a few steps. Run with the repository as working directory: the
// tokenizer is the examples'.

namespace ropewalk {
namespace {

constexpr char kTokenizer[] = "examples/pretrain/untrained";

// 264 tokens, hidden size 16, two layers.
constexpr char kConfig[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 16, "intermediate_size": 24,
  "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
  "rms_norm_eps": 1e-05, "vocab_size": 264, "eos_token_id": 256, "hidden_act": "silu"})";

class TrainingJobTest : public testing::Test {
 protected:
  TrainingJobTest() {
    SetThreads(1);
    folder_ =
        std::filesystem::temp_directory_path() / ("training-job-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
      std::filesystem::copy_file(std::filesystem::path(kTokenizer) / file, folder_ / file);
    }
    std::ofstream(folder_ / "config.json") << kConfig;
    WriteRows("train.jsonl", 24);
    WriteRows("eval.jsonl", 5);
    spec_.set_base_model("local/very-small");
    spec_.add_train_data("train");
    spec_.set_adapter("test/result");
    spec_.mutable_method()->mutable_full();
    v1::Training* training = spec_.mutable_training();
    training->set_epochs(2);
    training->set_global_batch_size(8);
    training->set_micro_batch_tokens(64);
    training->set_max_sequence_length(64);
    training->set_learning_rate(1e-2);
    training->set_eval_every_steps(3);
    training->set_eval_max_new_tokens(4);
  }

  ~TrainingJobTest() override { std::filesystem::remove_all(folder_); }

  void WriteRows(const std::string& name, int rows) {
    std::ofstream file(folder_ / name);
    for (int i = 0; i < rows; ++i) {
      file << R"({"prompt": "count )" << std::string(1 + i % 5, 'a' + i)
           << R"( ->", "completion": " )" << 1 + i % 5 << "\"}\n";
    }
  }

  absl::StatusOr<std::unique_ptr<TrainingJob>> Prepare(const Clock* clock = Clock::Real()) {
    return TrainingJob::Prepare(WithDefaults(spec_), inputs_,
                                {folder_.string(),
                                 {(folder_ / "train.jsonl").string()},
                                 {(folder_ / "eval.jsonl").string()}},
                                clock, [this] { return at_hand_; });
  }

  std::unique_ptr<TrainingJob> NewJob(const Clock* clock = Clock::Real()) {
    auto job = Prepare(clock);
    EXPECT_TRUE(job.ok()) << job.status();
    return *std::move(job);
  }

  // Takes steps up to `until`, evaluating when due.
  static absl::Status Train(TrainingJob* job, Team team, GradientReducer* reducer, int64_t until) {
    while (job->state().step < until) {
      ASSIGN_OR_RETURN(const StepTiming timing, job->trainer().Step(team, reducer));
      FollowSpeeds(timing.tokens_per_second, &team.weights);
      if (job->EvaluationDue()) RETURN_IF_ERROR(job->Evaluate(team, reducer).status());
    }
    return absl::OkStatus();
  }

  // The published files of a run by a team with these speeds.
  std::map<std::string, std::string> ResultOfTeam(const std::vector<double>& weights,
                                                  int64_t part = 1 << 19) {
    std::vector<std::unique_ptr<TrainingJob>> jobs;
    for (size_t rank = 0; rank < weights.size(); ++rank) {
      jobs.push_back(NewJob());
      jobs.back()->trainer().ReduceInPartsOf(part);
    }
    TeamOfThreads team(weights.size());
    const absl::Status status = team.Run([&](int rank, GradientReducer* reducer) {
      return Train(jobs[rank].get(), {rank, weights}, reducer, jobs[rank]->total_steps());
    });
    EXPECT_TRUE(status.ok()) << status;
    for (const auto& job : jobs) EXPECT_EQ(job->state().Digest(), jobs[0]->state().Digest());
    return *jobs.back()->Result();
  }

  // Trains adapters together with biases, embeddings and a norm of a base with biases, which begins
  // as an untrained job would leave it.
  void TrainWeightsOfTheBase() {
    std::string config = kConfig;
    config.replace(config.find("\"rms_norm_eps\""), 0, R"("attention_bias": true, )");
    std::ofstream(folder_ / "config.json") << config;
    const auto model = NewJob()->Result().value();
    std::ofstream(folder_ / "model.safetensors", std::ios::binary) << model.at("model.safetensors");
    v1::Lora* const lora = spec_.mutable_method()->mutable_lora();
    lora->set_rank(4);
    lora->set_bias("all");
    for (const char* module : {"embed_tokens", "lm_head", "model.norm"}) {
      lora->add_modules_to_save(module);
    }
  }

  std::filesystem::path folder_;
  v1::JobSpec spec_;
  v1::JobInputs inputs_;
  std::optional<int64_t> at_hand_;
};

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
