// Agreement with transformers and PEFT on tiny models of every family and kind of RoPE. Run with
// the repository as working directory.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/common/job_spec.h"
#include "tests/golden/models/golden_model.h"
#include "worker/generate/greedy.h"
#include "worker/peft/peft_folder.h"
#include "worker/tensor/parallel.h"
#include "worker/train/training_job.h"

namespace ropewalk {
namespace {

using testing::GoldenDocuments;
using testing::GoldenModel;
using testing::GoldenRows;
using testing::Pack;
using testing::RelativeError;

constexpr int64_t kKeptRows = 6;  // of each document, its last ones
constexpr int64_t kPrompt = 6;

std::vector<std::vector<int32_t>> FirstTwo() {
  auto documents = GoldenDocuments();
  documents.resize(2);
  return documents;
}

// The rows of the logits that the golden files keep.
std::vector<float> Kept(const std::vector<float>& logits, const PackedTokens& tokens) {
  const int64_t vocabulary = logits.size() / tokens.tokens.size();
  std::vector<float> kept;
  for (size_t d = 1; d < tokens.document_starts.size(); ++d) {
    const int64_t end = tokens.document_starts[d];
    kept.insert(kept.end(), logits.begin() + (end - kKeptRows) * vocabulary,
                logits.begin() + end * vocabulary);
  }
  return kept;
}

class GoldenModelTest : public ::testing::TestWithParam<std::string> {
 protected:
  GoldenModelTest() { SetThreads(1); }
  const GoldenModel golden_{GetParam()};
};

TEST_P(GoldenModelTest, LogitsAndLossAreThoseOfTransformers) {
  const auto model = golden_.Load(MatMulPrecision::kFull);
  const PackedTokens tokens = Pack(FirstTwo());
  const std::vector<float> logits = Kept(model->Logits(tokens).value(), tokens);
  ASSERT_EQ(logits.size(), golden_.logits().size());
  for (size_t i = 0; i < logits.size(); ++i) {
    ASSERT_NEAR(logits[i], golden_.logits()[i], 1e-4) << "logit " << i;
  }
  const double loss = golden_.expected()["loss"];
  EXPECT_NEAR(model->Loss(tokens).value(), loss, 1e-6 * loss);
}

TEST_P(GoldenModelTest, GradientsAreThoseOfTransformers) {
  const auto model = golden_.Load(MatMulPrecision::kFull);
  const TrainableWeights weights = TrainableWeights::All(golden_.config());
  std::vector<float> gradient(weights.size());
  ASSERT_TRUE(model->AccumulateGradient(Pack(FirstTwo()), RandomKey(), gradient.data()).ok());
  const std::vector<WeightSpec> specs = WeightSpecs(golden_.config());
  for (size_t i = 0; i < specs.size(); ++i) {
    const auto begin = gradient.begin() + weights.OffsetOf(i);
    EXPECT_LE(RelativeError({begin, begin + specs[i].size}, golden_.gradients()[i]), 1e-4)
        << specs[i].name;
  }
}

TEST_P(GoldenModelTest, Bfloat16IsNoFurtherFromFloat32ThanThatOfTransformers) {
  if (!CpuHasBfloat16()) GTEST_SKIP() << "this processor does not multiply bfloat16 numbers";
  const PackedTokens tokens = Pack(FirstTwo());
  const auto whole = golden_.Load(MatMulPrecision::kFull)->Logits(tokens).value();
  const double limit = 1.5 * golden_.expected()["bfloat16_error"].get<double>();
  const auto products = golden_.Load(MatMulPrecision::kBfloat16)->Logits(tokens).value();
  EXPECT_LE(RelativeError(products, whole), limit);
  const auto activations = golden_.Load<Bfloat16>(MatMulPrecision::kBfloat16);
  EXPECT_LE(RelativeError(activations->Logits(tokens).value(), whole), limit);
}

TEST_P(GoldenModelTest, GradientsInBfloat16AreNearThoseOfTransformers) {
  const auto model = golden_.Load<Bfloat16>(MatMulPrecision::kBfloat16);
  std::vector<float> gradient(TrainableWeights::All(golden_.config()).size()), expected;
  ASSERT_TRUE(model->AccumulateGradient(Pack(FirstTwo()), RandomKey(), gradient.data()).ok());
  for (const std::vector<float>& of_weight : golden_.gradients()) {
    expected.insert(expected.end(), of_weight.begin(), of_weight.end());
  }
  EXPECT_LE(RelativeError(gradient, expected), 0.06);
}

TEST_P(GoldenModelTest, GreedyGenerationIsThatOfTransformers) {
  const auto model = golden_.Load(MatMulPrecision::kFull);
  std::vector<int32_t> prompt = GoldenDocuments()[0];
  prompt.resize(kPrompt);
  const std::vector<int32_t> expected = golden_.expected()["generated"];
  EXPECT_EQ(GenerateGreedily(*model, {prompt}, expected.size(), /*eos=*/-1).value()[0], expected);
}

TEST_P(GoldenModelTest, PackedEqualsUnpacked) {
  const auto model = golden_.Load(MatMulPrecision::kFull);
  std::vector<float> apart;
  for (const auto& document : FirstTwo()) {
    const std::vector<float> logits = model->Logits(Pack({document})).value();
    apart.insert(apart.end(), logits.begin(), logits.end());
  }
  EXPECT_LE(RelativeError(model->Logits(Pack(FirstTwo())).value(), apart), 1e-6);
}

// The losses of a job that trains on all golden documents at every step.
std::vector<double> Losses(const GoldenModel& golden, const v1::Method& method,
                           v1::Reduction reduction) {
  v1::JobSpec spec;
  spec.set_base_model("golden/model");
  spec.add_train_data("documents");
  spec.set_adapter("golden/result");
  *spec.mutable_method() = method;
  spec.mutable_sync()->set_reduction(reduction);
  v1::Training* const training = spec.mutable_training();
  training->set_epochs(20);
  training->set_global_batch_size(GoldenDocuments().size());
  training->set_micro_batch_tokens(80);
  training->set_max_sequence_length(80);
  training->set_learning_rate(2e-3);
  training->set_schedule(v1::SCHEDULE_CONSTANT);
  training->set_warmup_ratio(0);
  training->set_weight_decay(0.1);
  training->set_adam_epsilon(1e-6);
  const TrainingFiles files = {golden.folder(), {GoldenRows()}, {}};
  const auto job = TrainingJob::Prepare(WithDefaults(spec), {}, files, Clock::Real(), [] {
                     return MemoryAtHand();
                   }).value();
  if (method.has_lora()) {
    TrainState state = job->state();
    state.parameters = ReadPeftFolder(golden.adapter_folder(), golden.config()).value().parameters;
    job->trainer().Restore(std::move(state));
  }
  SoloReducer solo;
  while (!job->done()) EXPECT_TRUE(job->trainer().Step({}, &solo).ok());
  std::vector<double> losses;
  for (const StepRecord& step : job->state().steps) losses.push_back(step.loss);
  return losses;
}

void ExpectLosses(const GoldenModel& golden, const v1::Method& method, const std::string& key) {
  const std::vector<double> expected = golden.expected()[key];
  for (const v1::Reduction reduction : {v1::REDUCTION_FLOAT32, v1::REDUCTION_EXACT}) {
    const std::vector<double> losses = Losses(golden, method, reduction);
    ASSERT_EQ(losses.size(), expected.size());
    for (size_t step = 0; step < losses.size(); ++step) {
      EXPECT_NEAR(losses[step], expected[step], reduction == v1::REDUCTION_EXACT ? 2e-5 : 1e-5)
          << v1::Reduction_Name(reduction) << ", step " << step + 1;
    }
  }
}

TEST_P(GoldenModelTest, TrainingOfAllWeightsHasTheLossesOfTransformers) {
  v1::Method method;
  method.mutable_full();
  ExpectLosses(golden_, method, "full_losses");
}

// With the default RoPE of each family.
class GoldenAdapterTest : public GoldenModelTest {};

TEST_P(GoldenAdapterTest, TrainingHasTheLossesOfPeft) {
  v1::Method method;
  method.mutable_lora()->set_rank(4);
  method.mutable_lora()->set_alpha(8);
  ExpectLosses(golden_, method, "lora_losses");
}

std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

std::vector<std::string> NamesWithDefaultRope() {
  std::vector<std::string> names = GoldenModel::Names();
  std::erase_if(names, [](const std::string& name) { return !name.ends_with("/default"); });
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenModelTest, ::testing::ValuesIn(GoldenModel::Names()), TestName);
INSTANTIATE_TEST_SUITE_P(All, GoldenAdapterTest, ::testing::ValuesIn(NamesWithDefaultRope()),
                         TestName);

}  // namespace
}  // namespace ropewalk
