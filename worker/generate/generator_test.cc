#include "worker/generate/generator.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

using ::testing::SizeIs;

// Stands for an adapter: y += B A x with random values.
class RandomAdapter final : public LinearHook<float> {
 public:
  RandomAdapter(std::vector<LinearPlace> places, uint64_t seed) : places_(std::move(places)) {
    for (const LinearPlace& place : places_) {
      weights_.emplace_back(place.out_size, place.in_size, MatMulPrecision::kFull);
      std::vector<float> values(place.out_size * place.in_size);
      FillNormal(seed, weights_.size(), 0.2f, values.data(), values.size());
      weights_.back().Pack(values.data());
    }
  }

  bool Covers(int64_t) const override { return true; }
  void BeginPass(int64_t rows, const RandomKey*) override { rows_ = rows; }
  void Forward(int64_t place, const float* x, float* y) override {
    std::vector<float> added(rows_ * places_[place].out_size);
    weights_[place].Forward(rows_, x, added.data());
    for (size_t i = 0; i < added.size(); ++i) y[i] += added[i];
  }
  void Backward(int64_t, const float*, const float*, float*) override {}

 private:
  const std::vector<LinearPlace> places_;
  std::vector<LinearWeight<float>> weights_;
  int64_t rows_ = 0;
};

struct Result {
  std::vector<int32_t> tokens;
  std::optional<FinishReason> reason;
};

class GeneratorTest : public ::testing::Test {
 protected:
  GeneratorTest()
      : one_(LinearPlaces(testing::TinyConfig()), 1),
        two_(LinearPlaces(testing::TinyConfig()), 2),
        router_(LinearPlaces(testing::TinyConfig()), {&one_, &two_}),
        model_(testing::TinyConfig(), MatMulPrecision::kFull, &router_),
        decoder_(model_, &router_, BatchDecoder::Padding::kSteady),
        generator_(&decoder_) {
    testing::SetWeights(testing::TinyWeights(model_.config()), &model_);
  }

  static GenerationTask Task(std::vector<int32_t> prompt, uint64_t seed, int adapter) {
    return {.prompt = std::move(prompt),
            .max_new_tokens = 24,
            .sampling = {.temperature = 1.2, .top_k = 20, .seed = seed},
            .adapter = adapter};
  }

  std::shared_ptr<Result> Add(GenerationTask task, size_t most = 1000) {
    auto result = std::make_shared<Result>();
    task.on_token = [result, most](int32_t token) {
      result->tokens.push_back(token);
      return result->tokens.size() < most;
    };
    task.on_end = [result](FinishReason reason) { result->reason = reason; };
    const absl::Status added = generator_.Add(std::move(task));
    EXPECT_TRUE(added.ok()) << added;
    return result;
  }

  Result Alone(GenerationTask task) {
    const auto result = Add(std::move(task));
    Run();
    return *result;
  }

  void Run() {
    while (generator_.size() > 0) generator_.Step();
  }

  RandomAdapter one_, two_;
  RowRouter router_;
  Transformer<float> model_;
  BatchDecoder decoder_;
  Generator generator_;
};

TEST_F(GeneratorTest, ATextIsTheSameWhateverIsBesideIt) {
  std::vector<GenerationTask> tasks;
  for (int i = 0; i < 21; ++i) {
    tasks.push_back(Task(std::vector<int32_t>(1 + i % 7, 3 + i), i / 2, i % 3 - 1));
  }
  std::vector<std::shared_ptr<Result>> together;
  for (const GenerationTask& task : tasks) {
    together.push_back(Add(task));
    if (together.size() % 4 == 0) generator_.Step();  // the others join later
  }
  Run();
  for (size_t i = 0; i < tasks.size(); ++i) {
    EXPECT_EQ(together[i]->tokens, Alone(tasks[i]).tokens) << "text " << i;
  }
}

TEST_F(GeneratorTest, AdaptersDiffer) {
  const Result base = Alone(Task({5, 6}, 1, RowRouter::kNoHook));
  EXPECT_NE(Alone(Task({5, 6}, 1, 0)).tokens, base.tokens);
  EXPECT_NE(Alone(Task({5, 6}, 1, 0)).tokens, Alone(Task({5, 6}, 1, 1)).tokens);
}

TEST_F(GeneratorTest, SaysWhyATextEnds) {
  const Result whole = Alone(Task({5, 6}, 1, 0));
  EXPECT_THAT(whole.tokens, SizeIs(24));
  EXPECT_EQ(whole.reason, FinishReason::kLength);

  GenerationTask until_eos = Task({5, 6}, 1, 0);
  until_eos.eos = {-1, whole.tokens[5]};
  const Result eos = Alone(until_eos);
  EXPECT_LE(eos.tokens.size(), 5u);
  EXPECT_EQ(eos.reason, FinishReason::kEos);

  const auto stopped = Add(Task({5, 6}, 1, 0), /*most=*/3);
  Run();
  EXPECT_THAT(stopped->tokens, SizeIs(3));
  EXPECT_EQ(stopped->reason, FinishReason::kStop);

  const Result full = Alone(Task(std::vector<int32_t>(60, 1), 1, 0));
  EXPECT_THAT(full.tokens, SizeIs(4));  // the model has 64 positions
  EXPECT_EQ(full.reason, FinishReason::kLength);
}

TEST_F(GeneratorTest, RefusesWhatTheModelDoesNotTake) {
  GenerationTask long_prompt = Task(std::vector<int32_t>(65, 1), 1, 0);
  GenerationTask unknown_token = Task({32}, 1, 0);
  GenerationTask nothing_new = Task({1}, 1, 0);
  nothing_new.max_new_tokens = 0;
  GenerationTask bad_sampling = Task({1}, 1, 0);
  bad_sampling.sampling.top_p = 2;
  for (const GenerationTask& task : {long_prompt, unknown_token, nothing_new, bad_sampling}) {
    EXPECT_EQ(generator_.Add(task).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(generator_.size(), 0);
}

TEST_F(GeneratorTest, AFullPromptHasNoRoomForMore) {
  EXPECT_EQ(Alone(Task(std::vector<int32_t>(64, 1), 1, 0)).tokens.size(), 1u);
}

}  // namespace
}  // namespace ropewalk
