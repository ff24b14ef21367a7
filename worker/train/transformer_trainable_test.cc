#include "worker/train/transformer_trainable.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ropewalk/v1/job_service.pb.h"
#include "worker/model/testing/allocations.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/train/inference_model.h"

namespace ropewalk {
namespace {

using testing::AllocationCount;
using ::testing::HasSubstr;
using testing::Pack;
using testing::TemporaryFolder;
using testing::TinyConfig;
using testing::TinyConfigJson;

const std::vector<int32_t> kFirst = {3, 1, 4, 1, 5, 9, 2, 6};
const std::vector<int32_t> kSecond = {31, 8, 28, 18, 4};

v1::Method Lora(double dropout = 0, const std::string& target = "all-linear") {
  v1::Method method;
  method.mutable_lora()->set_rank(4);
  method.mutable_lora()->set_alpha(8);
  method.mutable_lora()->set_dropout(dropout);
  method.mutable_lora()->add_target_modules(target);
  return method;
}

v1::Method Dora(double dropout = 0) {
  v1::Method method = Lora(dropout);
  method.mutable_lora()->set_use_dora(true);
  return method;
}

v1::Method StartingAs(const std::string& init, bool dora = false) {
  v1::Method method = dora ? Dora() : Lora();
  method.mutable_lora()->set_init_lora_weights(init);
  return method;
}

v1::Method SavingEmbeddings() {
  v1::Method method = Lora();
  method.mutable_lora()->add_modules_to_save("embed_tokens");
  return method;
}

v1::Method Full() {
  v1::Method method;
  method.mutable_full();
  return method;
}

std::map<std::string, std::string> Base() {
  return {{"config.json", TinyConfigJson()},
          {"model.safetensors",
           testing::TinySafetensors(TinyConfig(), testing::TinyWeights(TinyConfig()))}};
}

// A model being trained, with the parameters it has begun with.
struct Training {
  Training(const std::string& folder, const v1::Method& method,
           v1::Precision precision = v1::PRECISION_FLOAT32) {
    auto created = CreateTrainable(folder, "org/base", method, precision);
    EXPECT_TRUE(created.ok()) << created.status();
    model = std::move(created).value();
    parameters.resize(model->layout().size);
    gradient.resize(parameters.size());
    model->InitializeParameters(7, absl::MakeSpan(parameters));
    model->SetParameters(parameters);
  }

  double Accumulate(const PackedTokens& tokens) {
    return model->AccumulateGradient(tokens, RandomKey(), absl::MakeSpan(gradient)).value();
  }

  // A step of plain gradient descent.
  void Descend(const PackedTokens& tokens, float rate) {
    gradient.assign(gradient.size(), 0);
    Accumulate(tokens);
    for (size_t i = 0; i < gradient.size(); ++i) parameters[i] -= rate * gradient[i];
    model->SetParameters(parameters);
  }

  std::unique_ptr<TrainableModel> model;
  std::vector<float> parameters;
  std::vector<float> gradient;
};

std::string CreateError(const TemporaryFolder& folder, const v1::Method& method) {
  const auto created = CreateTrainable(folder.path(), "b", method, v1::PRECISION_FLOAT32);
  EXPECT_FALSE(created.ok());
  return std::string(created.status().message());
}

TEST(TransformerTrainable, LearnsWithEveryMethod) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  for (const v1::Method& method : {Lora(), Lora(0.1), Dora(), Dora(0.1), StartingAs("gaussian"),
                                   StartingAs("pissa"), StartingAs("olora"), Full()}) {
    Training training(folder.path(), method);
    const double before = training.model->Loss(tokens).value();
    for (int step = 0; step < 20; ++step) training.Descend(tokens, 0.003f);
    EXPECT_LT(training.model->Loss(tokens).value(), 0.9 * before) << method.DebugString();
  }
}

TEST(TransformerTrainable, SaysWhichGradientsAreComplete) {
  const TemporaryFolder folder(Base());
  for (const v1::Method& method :
       {Lora(), Lora(0.1), Lora(0, "down_proj"), Dora(), Full(), SavingEmbeddings()}) {
    SCOPED_TRACE(method.DebugString());
    Training training(folder.path(), method);
    training.Descend(Pack({kFirst, kSecond}), 0.01f);  // B is 0 at first, and A's gradient
    training.gradient.assign(training.gradient.size(), 0);
    std::vector<std::pair<int64_t, std::vector<float>>> complete;
    const auto note = [&](int64_t first) {
      complete.emplace_back(first, training.gradient);
      EXPECT_TRUE(complete.size() == 1 || first < complete[complete.size() - 2].first);
    };
    ASSERT_TRUE(training.model
                    ->AccumulateGradient(Pack({kFirst, kSecond}), RandomKey(),
                                         absl::MakeSpan(training.gradient), note)
                    .ok());
    EXPECT_EQ(complete.empty(), method.lora().modules_to_save_size() > 0);
    for (const auto& [first, then] : complete) {
      EXPECT_LT(first, static_cast<int64_t>(then.size()));
      EXPECT_TRUE(std::equal(then.begin() + first, then.end(), training.gradient.begin() + first));
    }
  }
}

TEST(TransformerTrainable, LeavesTheBaseAlone) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Training training(folder.path(), Lora());
  const std::vector<float> start = training.parameters;
  const double before = training.model->Loss(tokens).value();
  for (int step = 0; step < 3; ++step) training.Descend(tokens, 0.01f);
  training.model->SetParameters(start);
  EXPECT_EQ(training.model->Loss(tokens).value(), before);
}

// Divided or decomposed, the model is at first the base; and what is exported after training is, on
// the base as it was, the model that was trained.
TEST(TransformerTrainable, ExportsForTheBaseAsItWas) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  const double base = Training(folder.path(), Lora()).model->Loss(tokens).value();
  for (const v1::Method& method :
       {Dora(), StartingAs("pissa"), StartingAs("pissa_niter_4"), StartingAs("olora"),
        StartingAs("pissa", /*dora=*/true), StartingAs("olora", /*dora=*/true)}) {
    SCOPED_TRACE(method.DebugString());
    Training training(folder.path(), method);
    EXPECT_NEAR(training.model->Loss(tokens).value(), base, 1e-4);
    for (int step = 0; step < 5; ++step) training.Descend(tokens, 0.003f);
    const double trained = training.model->Loss(tokens).value();
    EXPECT_LT(trained, base - 0.01);
    const TemporaryFolder adapter(training.model->Export(training.parameters).value());
    auto used = InferenceModel::Open(folder.path(), adapter.path(), MatMulPrecision::kFull).value();
    EXPECT_NEAR(used->Loss(tokens).value(), trained, 1e-4);
  }
}

TEST(TransformerTrainable, RefusesAStartWithMoreRanksThanTheBaseHas) {
  const TemporaryFolder folder(Base());
  v1::Method method = StartingAs("olora");
  method.mutable_lora()->set_rank(17);
  EXPECT_THAT(CreateError(folder, method), HasSubstr("rank of at most 16"));
}

TEST(TransformerTrainable, AllocatesNothingOnceItIsWarm) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  for (const v1::Method& method : {Lora(0.1), Dora(0.1), Full()}) {
    Training training(folder.path(), method);
    const int64_t cold = AllocationCount();
    training.Accumulate(tokens);
    const int64_t warm = AllocationCount();
    training.Accumulate(tokens);
    EXPECT_EQ(AllocationCount() - warm, 0) << method.DebugString();
    EXPECT_GT(warm - cold, 0);
  }
}

TEST(TransformerTrainable, ActivationCheckpointingChangesNoBits) {
  const TemporaryFolder folder(Base());
  for (const v1::Method& method : {Full(), Lora(/*dropout=*/0.3)}) {
    Training whole(folder.path(), method), checkpointed(folder.path(), method);
    checkpointed.model->SetCheckpointedLayers(1);
    for (int step = 0; step < 3; ++step) {
      whole.Descend(Pack({kFirst, kSecond}), 0.01f);
      checkpointed.Descend(Pack({kFirst, kSecond}), 0.01f);
    }
    EXPECT_EQ(checkpointed.parameters, whole.parameters);
  }
}

TEST(TransformerTrainable, PlansItsMemoryAndComputesOnAsBefore) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  for (const v1::Method& method : {Lora(0.1), Dora(0.1), Full()}) {
    Training training(folder.path(), method);
    training.Accumulate(tokens);
    const std::vector<float> gradient = training.gradient;
    const MemoryPlan plan = training.model->PlanMemory(100, 0);
    EXPECT_LT(training.model->PlanMemory(100, 1).bytes(), plan.bytes());
    EXPECT_LT(training.model->PlanMemory(50, 0).bytes(), plan.bytes());
    EXPECT_EQ(plan.mapped_bytes() > 0, method.has_lora());  // the folder has float32
    std::fill(training.gradient.begin(), training.gradient.end(), 0.0f);
    training.Accumulate(tokens);
    EXPECT_EQ(training.gradient, gradient);
  }
}

TEST(TransformerTrainable, AnExportedAdapterComputesTheSame) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Training training(folder.path(), Lora());
  for (int step = 0; step < 3; ++step) training.Descend(tokens, 0.01f);
  const TemporaryFolder adapter(training.model->Export(training.parameters).value());
  const auto model = InferenceModel::Open(folder.path(), adapter.path(), MatMulPrecision::kFull);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->Loss(tokens).value(), training.model->Loss(tokens).value());
  EXPECT_EQ((*model)->Generate({{3, 1}}, 8, -1).value(),
            training.model->Generate({{3, 1}}, 8, -1).value());
}

TEST(TransformerTrainable, AnExportedModelComputesTheSame) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  Training training(folder.path(), Full());
  training.Descend(tokens, 0.003f);
  const TemporaryFolder whole(training.model->Export(training.parameters).value());
  const auto model = InferenceModel::Open(whole.path(), "", MatMulPrecision::kFull);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->Loss(tokens).value(), training.model->Loss(tokens).value());
}

TEST(TransformerTrainable, ExportsTheSameBytesEachTime) {
  const TemporaryFolder folder(Base());
  for (const v1::Method& method : {Lora(), Full()}) {
    Training one(folder.path(), method), other(folder.path(), method);
    EXPECT_EQ(one.model->Export(one.parameters).value(),
              other.model->Export(other.parameters).value());
  }
}

TEST(TransformerTrainable, FullTrainingStartsFromTheBase) {
  const TemporaryFolder folder(Base());
  EXPECT_EQ(Training(folder.path(), Full()).parameters, testing::TinyWeights(TinyConfig()));
}

TEST(TransformerTrainable, FullTrainingMayStartFromNothing) {
  const TemporaryFolder folder({{"config.json", TinyConfigJson()}});
  const Training training(folder.path(), Full());
  EXPECT_NE(training.parameters.front(), 0);
  EXPECT_THAT(CreateError(folder, Lora()), HasSubstr("has no weights"));
}

TEST(TransformerTrainable, Bfloat16IsNearFloat32) {
  if (!CpuHasBfloat16()) GTEST_SKIP() << "this processor has no bfloat16";
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  for (const v1::Method& method : {Lora(), Full()}) {
    Training exact(folder.path(), method), rounded(folder.path(), method, v1::PRECISION_BF16);
    const double loss = exact.Accumulate(tokens);
    EXPECT_NEAR(rounded.Accumulate(tokens), loss, 0.02 * loss);
    EXPECT_NE(rounded.gradient, exact.gradient);
  }
}

TEST(TransformerTrainable, AllocatesNothingForWeightsOfTheBase) {
  const TemporaryFolder folder(Base());
  const PackedTokens tokens = Pack({kFirst, kSecond});
  v1::Method method = Lora(0.1);
  for (const char* module : {"embed_tokens", "norm"}) {
    method.mutable_lora()->add_modules_to_save(module);
  }
  Training training(folder.path(), method);
  const double before = training.model->Loss(tokens).value();
  for (int step = 0; step < 20; ++step) training.Descend(tokens, 0.003f);
  EXPECT_LT(training.model->Loss(tokens).value(), 0.9 * before);
  const int64_t warm = AllocationCount();
  training.Accumulate(tokens);
  EXPECT_EQ(AllocationCount() - warm, 0);
}

TEST(TransformerTrainable, RefusesWeightsThatTheBaseDoesNotHave) {
  const TemporaryFolder folder(Base());
  v1::Method method = Lora();
  method.mutable_lora()->set_bias("all");
  EXPECT_THAT(CreateError(folder, method), HasSubstr("bias: 'all' trains nothing: the model has"));
  method.mutable_lora()->set_bias("none");
  method.mutable_lora()->add_modules_to_save("score");
  EXPECT_THAT(CreateError(folder, method), HasSubstr("modules_to_save: no module of the model"));
}

TEST(TransformerTrainable, SaysWhichFieldIsWrong) {
  const TemporaryFolder folder(Base());
  EXPECT_THAT(CreateError(folder, Lora(0, "lm_head")), HasSubstr("target_modules"));
  EXPECT_THAT(CreateError(folder, v1::Method()), HasSubstr("method.lora"));
  EXPECT_THAT(std::string(CreateTrainable(folder.path(), "b", Full(), v1::PRECISION_UNSPECIFIED)
                              .status()
                              .message()),
              HasSubstr("training.precision"));
  EXPECT_THAT(CreateError(TemporaryFolder({}), Full()), HasSubstr("config.json"));
}

}  // namespace
}  // namespace ropewalk
