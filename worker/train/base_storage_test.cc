#include "worker/train/base_storage.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ropewalk/v1/job_service.pb.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/train/inference_model.h"
#include "worker/train/transformer_trainable.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using testing::Pack;
using testing::TemporaryFolder;
using testing::TinyConfig;

std::map<std::string, std::string> Base(const std::vector<float>& weights) {
  return {{"config.json", testing::TinyConfigJson()},
          {"model.safetensors", testing::TinySafetensors(TinyConfig(), weights)}};
}

double Loss(const std::string& folder, WantedStorage storage) {
  const auto model = InferenceModel::Open(folder, "", MatMulPrecision::kFull, storage);
  EXPECT_TRUE(model.ok()) << model.status();
  return (*model)->Loss(Pack({{3, 1, 4, 1, 5, 9, 2, 6}})).value();
}

v1::Method Lora(v1::BaseStorage storage) {
  v1::Method method;
  method.mutable_lora()->set_rank(4);
  method.mutable_lora()->set_alpha(8);
  method.mutable_lora()->add_target_modules("all-linear");
  method.mutable_lora()->set_base_storage(storage);
  return method;
}

TEST(WantedStorage, IsWhatTheJobSays) {
  v1::Lora lora;
  EXPECT_EQ(WantedStorageOf(lora), std::nullopt);
  lora.set_base_storage(v1::BASE_STORAGE_NF4);
  EXPECT_EQ(WantedStorageOf(lora), WeightStorage::kNf4Double);
  lora.set_double_quantization(false);
  EXPECT_EQ(WantedStorageOf(lora), WeightStorage::kNf4);
  lora.set_base_storage(v1::BASE_STORAGE_FLOAT32);
  EXPECT_EQ(WantedStorageOf(lora), WeightStorage::kFloat32);
}

TEST(WantedStorage, IsReadFromTheCommandLine) {
  EXPECT_EQ(ParseWantedStorage("", true).value(), std::nullopt);
  EXPECT_EQ(ParseWantedStorage("bf16", true).value(), WeightStorage::kBfloat16);
  EXPECT_EQ(ParseWantedStorage("nf4", true).value(), WeightStorage::kNf4Double);
  EXPECT_EQ(ParseWantedStorage("nf4", false).value(), WeightStorage::kNf4);
  EXPECT_THAT(ParseWantedStorage("fp4", true).status().message(), HasSubstr("nf4"));
}

// The fewer bits, the further from the loss in float32.
TEST(LoadWeights, RoundsTheBaseAsTheStorageHasIt) {
  const TemporaryFolder folder(Base(testing::TinyWeights(TinyConfig())));
  const double exact = Loss(folder.path(), std::nullopt);
  EXPECT_EQ(Loss(folder.path(), WeightStorage::kFloat32), exact);
  double nearer = 0;
  for (const auto& [storage, bound] : {std::pair{WeightStorage::kFloat16, 0.02},
                                       {WeightStorage::kBfloat16, 0.1},
                                       {WeightStorage::kInt8, 0.2},
                                       {WeightStorage::kNf4, 5.0}}) {
    const double difference = std::abs(Loss(folder.path(), storage) - exact);
    EXPECT_GT(difference, nearer);
    EXPECT_LT(difference, bound);
    nearer = difference / 4;
  }
}

TEST(LoadWeights, RefusesNumbersThatTheStorageHasNot) {
  std::vector<float> weights = testing::TinyWeights(TinyConfig());
  weights[TinyConfig().vocab_size * TinyConfig().hidden_size + 16 + 5] = 7e4f;
  const TemporaryFolder large(Base(weights));
  for (const WeightStorage storage : {WeightStorage::kFloat16, WeightStorage::kInt8}) {
    const auto model = InferenceModel::Open(large.path(), "", MatMulPrecision::kFull, storage);
    EXPECT_THAT(model.status().message(), HasSubstr("q_proj.weight' has the number 70000"));
  }
  EXPECT_TRUE(
      InferenceModel::Open(large.path(), "", MatMulPrecision::kFull, WeightStorage::kBfloat16)
          .ok());
  weights.back() = std::numeric_limits<float>::quiet_NaN();
  const TemporaryFolder broken(Base(weights));
  const auto model =
      InferenceModel::Open(broken.path(), "", MatMulPrecision::kFull, WeightStorage::kNf4);
  EXPECT_THAT(model.status().message(), HasSubstr("not finite"));
}

// An adapter is trained on the base as it is held, and computes the same on it afterwards.
TEST(LoadWeights, AnAdapterKnowsTheQuantizedBase) {
  const TemporaryFolder folder(Base(testing::TinyWeights(TinyConfig())));
  const PackedTokens tokens = Pack({{3, 1, 4, 1, 5, 9, 2, 6}});
  auto model =
      CreateTrainable(folder.path(), "base", Lora(v1::BASE_STORAGE_NF4), v1::PRECISION_FLOAT32);
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<float> parameters((*model)->layout().size), gradient(parameters.size());
  (*model)->InitializeParameters(7, absl::MakeSpan(parameters));
  double before = 0;
  for (int step = 0; step < 5; ++step) {
    (*model)->SetParameters(parameters);
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    const double loss =
        (*model)->AccumulateGradient(tokens, RandomKey{}, absl::MakeSpan(gradient)).value();
    EXPECT_TRUE(step == 0 || loss < before) << step;
    before = loss;
    for (size_t i = 0; i < gradient.size(); ++i) parameters[i] -= 0.01f * gradient[i];
  }
  (*model)->SetParameters(parameters);
  const TemporaryFolder adapter((*model)->Export(parameters).value());
  const auto quantized = InferenceModel::Open(folder.path(), adapter.path(), MatMulPrecision::kFull,
                                              WeightStorage::kNf4Double);
  const auto plain = InferenceModel::Open(folder.path(), adapter.path(), MatMulPrecision::kFull);
  EXPECT_EQ((*quantized)->Loss(tokens).value(), (*model)->Loss(tokens).value());
  EXPECT_NE((*plain)->Loss(tokens).value(), (*model)->Loss(tokens).value());
}

}  // namespace
}  // namespace ropewalk
