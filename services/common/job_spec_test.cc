#include "services/common/job_spec.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

v1::JobSpec Spec(const std::string& changes = "") {
  v1::JobSpec spec;
  const std::string required =
      R"pb(base_model: "tiny" train_data: "train.jsonl" adapter: "demo/a")pb";
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(required, &spec));
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(changes, &spec)) << changes;
  return spec;
}

// The spec with `changes` is refused, for this field and with this text.
void ExpectFault(const std::string& changes, const std::string& field, const std::string& text) {
  const absl::Status status = ValidateJobSpec(Spec(changes));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << changes;
  EXPECT_THAT(status.message(), HasSubstr(field + ": ")) << changes;
  EXPECT_THAT(status.message(), HasSubstr(text)) << changes;
}

TEST(JobSpecDefaults, FillWhatIsAbsent) {
  const v1::JobSpec spec = WithDefaults(Spec());
  EXPECT_EQ(spec.name(), "job");
  EXPECT_EQ(spec.method().lora().rank(), 16);
  EXPECT_EQ(spec.method().lora().target_modules(0), "all-linear");
  EXPECT_EQ(spec.training().micro_batch_tokens(), 2048);
  EXPECT_EQ(spec.training().schedule(), v1::SCHEDULE_COSINE);
  EXPECT_EQ(spec.training().precision(), v1::PRECISION_FLOAT32);
  EXPECT_EQ(spec.sync().reduction(), v1::REDUCTION_EXACT);
  EXPECT_EQ(spec.workers().max(), 8);
}

TEST(JobSpecDefaults, GiveEveryOptionalScalarAValue) {
  const v1::JobSpec spec = WithDefaults(Spec());
  const auto* reflection = spec.training().GetReflection();
  const auto* descriptor = spec.training().GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    if (descriptor->field(i)->name() == "activation_checkpointing")
      continue;  // each worker chooses
    EXPECT_TRUE(reflection->HasField(spec.training(), descriptor->field(i)))
        << descriptor->field(i)->name();
  }
}

TEST(JobSpecDefaults, LeaveActivationCheckpointingToTheWorkers) {
  EXPECT_FALSE(WithDefaults(Spec()).training().has_activation_checkpointing());
}

TEST(JobSpecDefaults, SuitTheOptimizer) {
  const v1::JobSpec muon = WithDefaults(Spec("training { optimizer: OPTIMIZER_MUON }"));
  EXPECT_EQ(muon.training().momentum(), 0.95);
  EXPECT_TRUE(muon.training().nesterov());
  const v1::JobSpec lion =
      WithDefaults(Spec("training { optimizer: OPTIMIZER_LION adam_beta1: 0.95 }"));
  EXPECT_EQ(lion.training().adam_beta1(), 0.95);
  EXPECT_EQ(lion.training().adam_beta2(), 0.99);
  EXPECT_EQ(WithDefaults(Spec()).training().adam_beta2(), 0.999);
}

TEST(JobSpecDefaults, KeepWhatIsGiven) {
  const v1::JobSpec spec =
      WithDefaults(Spec("method { lora { rank: 4 target_modules: 'q_proj' } } training { "
                        "checkpoint_every_steps: 0 }"));
  EXPECT_EQ(spec.method().lora().rank(), 4);
  EXPECT_EQ(spec.method().lora().alpha(), 32);
  EXPECT_EQ(spec.method().lora().target_modules_size(), 1);
  EXPECT_EQ(spec.training().checkpoint_every_steps(), 0);
}

TEST(JobSpecDefaults, LeaveFullTrainingFull) {
  EXPECT_TRUE(WithDefaults(Spec("method { full {} }")).method().has_full());
}

TEST(JobSpecDefaults, TakeUnspecifiedForAbsent) {
  const v1::JobSpec spec = WithDefaults(Spec("training { schedule: SCHEDULE_UNSPECIFIED }"));
  EXPECT_EQ(spec.training().schedule(), v1::SCHEDULE_COSINE);
}

TEST(JobSpecDefaults, ChangeNothingTheSecondTime) {
  const v1::JobSpec once = WithDefaults(Spec());
  EXPECT_EQ(WithDefaults(once).SerializeAsString(), once.SerializeAsString());
}

TEST(JobSpecValidation, AcceptsTheRequiredFieldsAlone) {
  EXPECT_TRUE(ValidateJobSpec(Spec()).ok());
}

TEST(JobSpecValidation, NamesEveryMissingField) {
  const std::string message(ValidateJobSpec(v1::JobSpec()).message());
  EXPECT_THAT(message, HasSubstr("base_model: is missing"));
  EXPECT_THAT(message, HasSubstr("train_data: is missing"));
  EXPECT_THAT(message, HasSubstr("adapter: is missing"));
}

TEST(JobSpecDefaults, OfLocalSteps) {
  v1::JobSpec spec = Spec();
  EXPECT_EQ(WithDefaults(spec).sync().local_steps(), 1);
  EXPECT_FALSE(WithDefaults(spec).sync().has_outer());
  spec.mutable_sync()->set_local_steps(20);
  const v1::JobSpec whole = WithDefaults(spec);
  EXPECT_EQ(whole.sync().reduction(), v1::REDUCTION_FLOAT32);
  EXPECT_EQ(whole.sync().outer().learning_rate(), 0.7);
  EXPECT_EQ(whole.sync().outer().momentum(), 0.9);
  EXPECT_TRUE(ValidateJobSpec(spec).ok()) << ValidateJobSpec(spec);
}

TEST(JobSpecValidation, RefusesLocalStepsThatCannotBe) {
  const auto refused = [](auto change) {
    v1::JobSpec spec = Spec();
    change(spec.mutable_sync());
    return std::string(ValidateJobSpec(spec).message());
  };
  EXPECT_EQ(refused([](v1::Sync* sync) { sync->set_local_steps(0); }),
            "sync.local_steps: '0' was given; allowed is 1 or more");
  EXPECT_EQ(refused([](v1::Sync* sync) {
              sync->set_local_steps(2);
              sync->set_reduction(v1::REDUCTION_EXACT);
            }),
            "sync.reduction: 'exact' was given; allowed is float32, bfloat16 or int8 with "
            "sync.local_steps: which worker takes which step decides the result");
  EXPECT_EQ(refused([](v1::Sync* sync) { sync->mutable_outer()->set_momentum(0.5); }),
            "sync.outer: 'settings' was given; allowed is only with sync.local_steps of 2 or more");
  EXPECT_EQ(refused([](v1::Sync* sync) {
              sync->set_local_steps(2);
              sync->mutable_outer()->set_momentum(1);
            }),
            "sync.outer.momentum: '1' was given; allowed is 0 or more, and less than 1");
}

TEST(JobSpecValidation, SaysWhatWasGivenAndWhatIsAllowed) {
  const absl::Status status = ValidateJobSpec(Spec("training { micro_batch_tokens: 256 }"));
  EXPECT_EQ(status.message(),
            "training.micro_batch_tokens: '256' was given; allowed is at least "
            "training.max_sequence_length, which is 512");
}

TEST(JobSpecValidation, RefusesNamesOutsideTheAlphabet) {
  ExpectFault("name: 'Dates'", "name", "Dates");
  ExpectFault("name: ''", "name", "1 to 40");
  ExpectFault("name: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", "name", "1 to 40");
  for (const char* adapter : {"dates", "a/b/c", "demo/..", "../demo", "demo/a..b", "de mo/a",
                              "demo/", "/a", "demo/-a", "demo/a b", "demo/a\\000"}) {
    ExpectFault(std::string("adapter: '") + adapter + "'", "adapter", "namespace/name");
  }
}

TEST(JobSpecValidation, RefusesLoraOutsideItsRanges) {
  ExpectFault("method { lora { rank: 0 } }", "method.lora.rank", "1 to 1024");
  ExpectFault("method { lora { rank: 1025 } }", "method.lora.rank", "1025");
  ExpectFault("method { lora { alpha: 0 } }", "method.lora.alpha", "greater than 0");
  ExpectFault("method { lora { dropout: 1 } }", "method.lora.dropout", "less than 1");
  ExpectFault("method { lora { target_modules: ['all-linear', 'q_proj'] } }",
              "method.lora.target_modules", "only alone");
  ExpectFault("method { lora { init_lora_weights: 'pissa_niter_0' } }",
              "method.lora.init_lora_weights", "pissa_niter_1 to");
  ExpectFault("method { lora { bias: 'some' } }", "method.lora.bias", "none, all or lora_only");
  ExpectFault("method { lora { modules_to_save: ['norm', 'a|b'] } }", "method.lora.modules_to_save",
              "'a|b' was given");
  ExpectFault("method { lora { loraplus_lr_ratio: 0 } }", "method.lora.loraplus_lr_ratio", "0");
  ExpectFault("method { lora { rank_pattern { key: 'q_proj' value: 0 } } }",
              "method.lora.rank_pattern.q_proj", "1 to 1024");
  ExpectFault("method { lora { target_modules: 'regex:' } }", "method.lora.target_modules",
              "regex:");
}

TEST(JobSpecValidation, RefusesTrainingOutsideItsRanges) {
  ExpectFault("training { epochs: 0 }", "training.epochs", "greater than 0");
  ExpectFault("training { epochs: nan }", "training.epochs", "nan");
  ExpectFault("training { max_steps: -1 }", "training.max_steps", "0 or more");
  ExpectFault("training { global_batch_size: 0 }", "training.global_batch_size", "1 or more");
  ExpectFault("training { max_sequence_length: 1 }", "training.max_sequence_length", "2 or more");
  ExpectFault("training { learning_rate: inf }", "training.learning_rate", "inf");
  ExpectFault("training { warmup_ratio: 1.5 }", "training.warmup_ratio", "0 to 1");
  ExpectFault("training { max_grad_norm: -1 }", "training.max_grad_norm", "0 or more");
  ExpectFault("training { weight_decay: -0.1 }", "training.weight_decay", "0 or more");
  ExpectFault("training { adam_beta1: 1 }", "training.adam_beta1", "less than 1");
  ExpectFault("training { adam_beta2: -1 }", "training.adam_beta2", "less than 1");
  ExpectFault("training { adam_epsilon: 0 }", "training.adam_epsilon", "greater than 0");
  ExpectFault("training { momentum: 1 }", "training.momentum", "less than 1");
  ExpectFault("training { nesterov: true }", "training.nesterov", "sgd or muon");
  ExpectFault("training { decay_ratio: 2 }", "training.decay_ratio", "0 to 1");
  ExpectFault("training { min_learning_rate_ratio: -1 }", "training.min_learning_rate_ratio", "-1");
  ExpectFault("training { eval_every_steps: -1 }", "training.eval_every_steps", "0 or more");
  ExpectFault("training { checkpoint_every_steps: -1 }", "training.checkpoint_every_steps", "-1");
  ExpectFault("training { eval_max_new_tokens: -1 }", "training.eval_max_new_tokens", "-1");
}

TEST(JobSpecValidation, RefusesEnumsOfTheFuture) {
  v1::JobSpec spec = Spec();
  spec.mutable_training()->set_precision(static_cast<v1::Precision>(77));
  EXPECT_THAT(ValidateJobSpec(spec).message(), HasSubstr("training.precision: '77'"));
}

TEST(JobSpecValidation, RefusesDoubleQuantizationOfAnythingButNf4) {
  EXPECT_TRUE(
      ValidateJobSpec(
          Spec("method { lora { base_storage: BASE_STORAGE_NF4 double_quantization: false } }"))
          .ok());
  ExpectFault("method { lora { base_storage: BASE_STORAGE_INT8 double_quantization: true } }",
              "method.lora.double_quantization", "nf4");
  ExpectFault("method { lora { double_quantization: true } }", "method.lora.double_quantization",
              "nf4");
}

TEST(JobSpecValidation, RefusesWorkersThatCannotBe) {
  ExpectFault("workers { min: 0 }", "workers.min", "1 or more");
  ExpectFault("workers { min: 9 }", "workers.max", "at least workers.min, which is 9");
  ExpectFault("priority: 101", "priority", "-100 to 100");
}

}  // namespace
}  // namespace ropewalk
