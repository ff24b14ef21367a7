#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ropewalk/v1/job_service.pb.h"
#include "worker/model/testing/allocations.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/ops/linear_weight.h"
#include "worker/optim/gradient_norm.h"
#include "worker/optim/optimizer.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/philox.h"
#include "worker/train/fixed_point.h"
#include "worker/train/transformer_trainable.h"

// Once a step was made, another one allocates nothing: micro-batches, their sum in fixed point, the
// optimiser and the model's new parameters. Documents, records and messages of a step are not here.

namespace ropewalk {
namespace {

using testing::AllocationCount;
using testing::TemporaryFolder;
using testing::TinyConfig;

v1::Method Lora(double dropout) {
  v1::Method method;
  method.mutable_lora()->set_rank(4);
  method.mutable_lora()->set_alpha(8);
  method.mutable_lora()->set_dropout(dropout);
  method.mutable_lora()->add_target_modules("all-linear");
  return method;
}

v1::Method Dora() {
  v1::Method method = Lora(0.1);
  method.mutable_lora()->set_use_dora(true);
  return method;
}

v1::Method WithWeightsOfTheBase() {
  v1::Method method = Lora(0.1);
  method.mutable_lora()->add_modules_to_save("embed_tokens");
  return method;
}

v1::Method Full() {
  v1::Method method;
  method.mutable_full();
  return method;
}

std::vector<OptimizedTensor> TensorsOf(const ParameterLayout& layout) {
  std::vector<OptimizedTensor> tensors;
  for (const ParameterEntry& entry : layout.entries) {
    const bool matrix = entry.shape.size() == 2;
    tensors.push_back({.offset = entry.offset,
                       .rows = entry.shape[0],
                       .columns = matrix ? entry.shape[1] : 1,
                       .hidden_matrix = matrix});
  }
  return tensors;
}

// A trainer's step without what is around it.
class Training {
 public:
  Training(const std::string& folder, const v1::Method& method, v1::Precision precision,
           OptimizerKind kind)
      : model_(CreateTrainable(folder, "org/base", method, precision).value()),
        optimizer_(CreateOptimizer({.kind = kind}, TensorsOf(model_->layout()))),
        state_(optimizer_->InitialState()),
        parameters_(model_->layout().size),
        gradient_(parameters_.size()),
        sums_(parameters_.size()),
        exponents_(BlockCount(parameters_.size())),
        scales_(exponents_.size(), 120) {
    model_->InitializeParameters(7, absl::MakeSpan(parameters_));
    model_->SetParameters(parameters_);
    model_->SetCheckpointedLayers(1);
  }

  void Step() {
    for (const PackedTokens& tokens : micro_batches_) {
      std::fill(gradient_.begin(), gradient_.end(), 0.0f);
      ASSERT_TRUE(model_->AccumulateGradient(tokens, RandomKey(), absl::MakeSpan(gradient_)).ok());
      MeasureAndAccumulate(gradient_, scales_, kFractionBits, absl::MakeSpan(exponents_),
                           absl::MakeSpan(sums_));
    }
    const double norm =
        FromFixedPoint(sums_, scales_, kFractionBits, 0.1, absl::MakeSpan(gradient_));
    optimizer_->Step(1e-3, ++step_, ClipScale(norm, 1), gradient_, absl::MakeSpan(parameters_),
                     &state_);
    model_->SetParameters(parameters_);
  }

 private:
  static constexpr int kFractionBits = 29;

  const std::unique_ptr<TrainableModel> model_;
  const std::unique_ptr<Optimizer> optimizer_;
  OptimizerState state_;
  std::vector<float> parameters_, gradient_;
  std::vector<int32_t> sums_;
  std::vector<uint8_t> exponents_, scales_;
  int64_t step_ = 0;
  const std::vector<PackedTokens> micro_batches_ = {
      testing::Pack({{3, 1, 4, 1, 5, 9, 2, 6}, {31, 8, 28}}), testing::Pack({{2, 7, 1, 8}})};
};

class StepAllocations : public ::testing::Test {
 protected:
  // With more threads it is left to chance when each needs its own scratch for the first time.
  StepAllocations() { SetThreads(1); }
  ~StepAllocations() override { SetThreads(2); }

  void ExpectNone(const v1::Method& method, v1::Precision precision,
                  OptimizerKind kind = OptimizerKind::kAdamW) {
    Training training(folder_.path(), method, precision, kind);
    const int64_t cold = AllocationCount();
    training.Step();
    const int64_t warm = AllocationCount();
    EXPECT_GT(warm, cold);
    training.Step();
    training.Step();
    EXPECT_EQ(AllocationCount() - warm, 0)
        << method.DebugString() << v1::Precision_Name(precision) << static_cast<int>(kind);
  }

  const TemporaryFolder folder_{
      {{"config.json", testing::TinyConfigJson()},
       {"model.safetensors",
        testing::TinySafetensors(TinyConfig(), testing::TinyWeights(TinyConfig()))}}};
};

TEST_F(StepAllocations, AreNoneInFloat32) {
  for (const v1::Method& method : {Lora(0), Lora(0.1), Dora(), WithWeightsOfTheBase(), Full()}) {
    ExpectNone(method, v1::PRECISION_FLOAT32);
  }
}

TEST_F(StepAllocations, AreNoneInBfloat16) {
  if (!CpuHasBfloat16()) {
    EXPECT_FALSE(CreateTrainable(folder_.path(), "org/base", Full(), v1::PRECISION_BF16).ok());
    return;
  }
  for (const v1::Method& method : {Lora(0), Lora(0.1), Dora(), WithWeightsOfTheBase(), Full()}) {
    ExpectNone(method, v1::PRECISION_BF16);
  }
}

TEST_F(StepAllocations, AreNoneWithAnyOptimizer) {
  for (const OptimizerKind kind : {OptimizerKind::kAdamW8Bit, OptimizerKind::kLion,
                                   OptimizerKind::kMuon, OptimizerKind::kSgd}) {
    ExpectNone(Lora(0), v1::PRECISION_FLOAT32, kind);
  }
}

}  // namespace
}  // namespace ropewalk
