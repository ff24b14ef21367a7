#include "worker/generate/greedy.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/ops/elementwise.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Texts = std::vector<std::vector<int32_t>>;

constexpr int32_t kNoEos = -1;

class GenerateTest : public ::testing::Test {
 protected:
  GenerateTest() : model_(testing::TinyConfig(), MatMulPrecision::kFull, nullptr) {
    testing::SetWeights(testing::TinyWeights(model_.config()), &model_);
  }

  // The plain way: the whole text through the model for every token.
  std::vector<int32_t> Reference(std::vector<int32_t> text, int count) {
    return Reference(&model_, std::move(text), count);
  }
  static std::vector<int32_t> Reference(Transformer<float>* model, std::vector<int32_t> text,
                                        int count) {
    std::vector<int32_t> generated;
    for (int i = 0; i < count; ++i) {
      const std::vector<float> logits = model->Logits(testing::Pack({text})).value();
      const int64_t vocabulary = model->config().vocab_size;
      text.push_back(ArgMax(vocabulary, &logits[logits.size() - vocabulary]));
      generated.push_back(text.back());
    }
    return generated;
  }

  Texts Generate(const Texts& prompts, int max_new_tokens, int32_t eos) {
    return GenerateGreedily(model_, prompts, max_new_tokens, eos).value();
  }

  Transformer<float> model_;
};

TEST_F(GenerateTest, PicksTheLikeliestTokenEachTime) {
  const Texts prompts = {{7}, {3, 1, 4, 1, 5, 9}, {2, 7, 18}};
  const Texts generated = Generate(prompts, 20, kNoEos);
  ASSERT_THAT(generated, SizeIs(3));
  for (size_t i = 0; i < prompts.size(); ++i) EXPECT_EQ(generated[i], Reference(prompts[i], 20));
}

TEST_F(GenerateTest, SlidingWindowsForgetWhatTheWholeTextForgets) {
  ModelConfig config = testing::TinyConfig();
  config.sliding_window = 5;
  config.slides = {true, false};
  Transformer<float> model(config, MatMulPrecision::kFull, nullptr);
  testing::SetWeights(testing::TinyWeights(config), &model);
  const std::vector<int32_t> prompt = {3, 1, 4, 1, 5, 9, 2, 6};
  EXPECT_EQ(GenerateGreedily(model, {{7}, prompt}, 20, kNoEos).value()[1],
            Reference(&model, prompt, 20));
}

TEST_F(GenerateTest, StopsBeforeTheEndOfSequence) {
  const std::vector<int32_t> prompt = {3, 1, 4}, whole = Reference(prompt, 10);
  const int32_t eos = whole[4];
  std::vector<int32_t> until_eos;
  for (size_t i = 0; whole[i] != eos; ++i) until_eos.push_back(whole[i]);
  const Texts generated = Generate({prompt, {9, 9}}, 10, eos);
  EXPECT_EQ(generated[0], until_eos);
}

TEST_F(GenerateTest, StopsWhereThePositionsEnd) {
  const std::vector<int32_t> prompt(60, 5);
  EXPECT_THAT(Generate({prompt}, 100, kNoEos)[0], SizeIs(4));
}

TEST_F(GenerateTest, TakesMorePromptsThanItRunsTogether) {
  Texts prompts;
  for (int32_t i = 0; i < 70; ++i) prompts.push_back({i % 32, (i * 7) % 32});
  const Texts generated = Generate(prompts, 3, kNoEos);
  EXPECT_EQ(generated[69], Generate({prompts[69]}, 3, kNoEos)[0]);
}

TEST_F(GenerateTest, MayGenerateNothing) {
  EXPECT_THAT(Generate({}, 5, kNoEos), IsEmpty());
  EXPECT_THAT(Generate({{1}}, 0, kNoEos), ElementsAre(IsEmpty()));
}

TEST_F(GenerateTest, RefusesPromptsOutsideTheModel) {
  for (const std::vector<int32_t>& prompt :
       {std::vector<int32_t>{}, std::vector<int32_t>{32}, std::vector<int32_t>(65, 1)}) {
    EXPECT_EQ(GenerateGreedily(model_, {prompt}, 1, kNoEos).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace ropewalk
