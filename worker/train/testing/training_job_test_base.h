#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/common/job_spec.h"
#include "services/common/status_macros.h"
#include "tests/testing/team_of_threads.h"
#include "worker/tensor/parallel.h"
#include "worker/train/share.h"
#include "worker/train/training_job.h"

namespace ropewalk {

// For tests: jobs that train a very small model for a few steps. Run with the repository as working
// directory: the tokenizer is the examples'.

inline constexpr char kTokenizer[] = "examples/pretrain/untrained";

// 264 tokens, hidden size 16, two layers.
inline constexpr char kConfig[] = R"({
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

}  // namespace ropewalk
