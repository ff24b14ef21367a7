#include "worker/serve/generation_scheduler.h"

#include <future>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

// A text with its receiving end.
struct Call {
  GenerationTask task;
  std::shared_ptr<GenerationStream> stream = std::make_shared<GenerationStream>();
  std::shared_ptr<std::vector<int32_t>> tokens = std::make_shared<std::vector<int32_t>>();

  explicit Call(std::vector<int32_t> prompt, int64_t max_new_tokens = 20) {
    task.prompt = std::move(prompt);
    task.max_new_tokens = max_new_tokens;
    task.sampling = {.temperature = 1, .seed = 5};
    task.on_token = [stream = stream, tokens = tokens](int32_t token) {
      tokens->push_back(token);
      return stream->Put("");
    };
    task.on_end = [stream = stream](FinishReason reason) { stream->End("", reason); };
  }

  // Waits for the end; the error, if there is one.
  absl::Status Wait() const {
    while (true) {
      const auto piece = stream->Next(kPatience);
      if (!piece.ok()) return piece.status();
      if (!piece->has_value()) return absl::DeadlineExceededError("no token came");
      if ((*piece)->finish.has_value()) return absl::OkStatus();
    }
  }
};

class GenerationSchedulerTest : public ::testing::Test {
 protected:
  GenerationSchedulerTest() : model_(testing::TinyConfig(), MatMulPrecision::kFull, nullptr) {
    testing::SetWeights(testing::TinyWeights(model_.config()), &model_);
  }

  void Start(const GenerationLimits& limits) {
    scheduler_.emplace(BatchDecoder(model_, nullptr, BatchDecoder::Padding::kSteady), limits);
  }

  absl::Status Submit(const Call& call) { return scheduler_->Submit(call.task, call.stream); }

  // Makes `call` stop within its first token until the promise is kept, or broken.
  static std::promise<void> Hold(Call* call, std::promise<void>* reached) {
    std::promise<void> release;
    const std::shared_future<void> released = release.get_future().share();
    auto first = std::make_shared<bool>(true);
    call->task.on_token = [=, put = call->task.on_token](int32_t token) {
      if (*first) {
        *first = false;
        reached->set_value();
        released.wait();
      }
      return put(token);
    };
    return release;
  }

  Transformer<float> model_;
  std::optional<GenerationScheduler> scheduler_;
};

TEST_F(GenerationSchedulerTest, GivesEachTextWhatItGetsAlone) {
  Start({.max_batch = 3});
  std::vector<Call> calls;
  for (int32_t i = 0; i < 8; ++i) calls.emplace_back(std::vector<int32_t>(1 + i, i), 3 + 2 * i);
  for (const Call& call : calls) ASSERT_TRUE(Submit(call).ok());
  for (const Call& call : calls) EXPECT_TRUE(call.Wait().ok());
  for (int32_t i = 0; i < 8; ++i) {
    const Call alone(std::vector<int32_t>(1 + i, i), 3 + 2 * i);
    ASSERT_TRUE(Submit(alone).ok());
    ASSERT_TRUE(alone.Wait().ok());
    EXPECT_EQ(*alone.tokens, *calls[i].tokens);
  }
}

TEST_F(GenerationSchedulerTest, RefusesMoreThanItsQueueHolds) {
  Start({.max_batch = 1, .max_queue = 1});
  Call held({1}), waits({2}), refused({3});
  std::promise<void> reached;
  std::promise<void> release = Hold(&held, &reached);
  ASSERT_TRUE(Submit(held).ok());
  reached.get_future().wait();
  ASSERT_TRUE(Submit(waits).ok());
  EXPECT_EQ(Submit(refused).code(), absl::StatusCode::kResourceExhausted);
  release.set_value();
  EXPECT_TRUE(held.Wait().ok());
  EXPECT_TRUE(waits.Wait().ok());
}

TEST_F(GenerationSchedulerTest, ACancelledTextGivesUpItsPlace) {
  Start({.max_batch = 1});
  Call cancelled({1}, 60), never_begun({2}), next({3});
  std::promise<void> reached;
  std::promise<void> release = Hold(&cancelled, &reached);
  ASSERT_TRUE(Submit(cancelled).ok());
  reached.get_future().wait();
  ASSERT_TRUE(Submit(never_begun).ok());
  ASSERT_TRUE(Submit(next).ok());
  cancelled.stream->Cancel();
  never_begun.stream->Cancel();
  release.set_value();
  EXPECT_TRUE(next.Wait().ok());
  EXPECT_EQ(cancelled.tokens->size(), 1u);
  EXPECT_EQ(never_begun.tokens->size(), 0u);
}

TEST_F(GenerationSchedulerTest, TextsWaitUntilTheirTokensCanBeCached) {
  Start({.max_batch = 8, .max_cached_tokens = 30});
  const Call too_long({1}, 40);
  EXPECT_EQ(Submit(too_long).code(), absl::StatusCode::kInvalidArgument);
  std::vector<Call> calls;
  for (int32_t i = 0; i < 5; ++i) calls.emplace_back(std::vector<int32_t>{i}, 19);
  for (const Call& call : calls) ASSERT_TRUE(Submit(call).ok());
  for (const Call& call : calls) EXPECT_TRUE(call.Wait().ok());
}

TEST_F(GenerationSchedulerTest, AbortsWhatIsLeftWhenItIsStopped) {
  Start({.max_batch = 1});
  Call held({1}), waits({2}), late({3});
  std::promise<void> reached;
  std::promise<void> release = Hold(&held, &reached);
  ASSERT_TRUE(Submit(held).ok());
  ASSERT_TRUE(Submit(waits).ok());
  reached.get_future().wait();
  scheduler_->Stop();
  release.set_value();
  EXPECT_EQ(held.Wait().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(waits.Wait().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Submit(late).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ropewalk
