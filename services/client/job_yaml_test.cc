#include "services/client/job_yaml.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;

constexpr char kWholeJob[] = R"(name: dates
base_model: examples/tiny-base        # a folder
train_data: [examples/dates/train.jsonl]
eval_data: examples/dates/eval.jsonl
method: {lora: {rank: 16, alpha: 32, dropout: 0.05, target_modules: [all-linear]}}
training: {epochs: 3, global_batch_size: 32, learning_rate: 1.0e-3, schedule: cosine, seed: 7,
           precision: bf16, eval_every_steps: 20}
sync: {reduction: exact}
workers: {min: 1, max: 8}
adapter: demo/dates
)";

v1::JobSpec Parsed(const std::string& yaml) {
  const absl::StatusOr<v1::JobSpec> spec = ParseJobYaml(yaml, "job.yaml");
  EXPECT_TRUE(spec.ok()) << spec.status();
  return spec.ok() ? *spec : v1::JobSpec();
}

void ExpectError(const std::string& yaml, const std::string& message) {
  EXPECT_EQ(ParseJobYaml(yaml, "job.yaml").status().message(), message) << yaml;
}

TEST(JobYaml, ReadsAWholeJob) {
  const v1::JobSpec spec = Parsed(kWholeJob);
  EXPECT_EQ(spec.name(), "dates");
  EXPECT_EQ(spec.train_data(0), "examples/dates/train.jsonl");
  EXPECT_EQ(spec.method().lora().rank(), 16);
  EXPECT_EQ(spec.method().lora().target_modules(0), "all-linear");
  EXPECT_DOUBLE_EQ(spec.training().learning_rate(), 1e-3);
  EXPECT_EQ(spec.training().schedule(), v1::SCHEDULE_COSINE);
  EXPECT_EQ(spec.training().precision(), v1::PRECISION_BF16);
  EXPECT_EQ(spec.training().seed(), 7u);
  EXPECT_EQ(spec.sync().reduction(), v1::REDUCTION_EXACT);
  EXPECT_EQ(spec.workers().max(), 8);
}

TEST(JobYaml, TakesALoneScalarForAListOfOne) {
  EXPECT_EQ(Parsed(kWholeJob).eval_data(0), "examples/dates/eval.jsonl");
}

TEST(JobYaml, LeavesAbsentFieldsAbsent) {
  const v1::JobSpec spec = Parsed("adapter: demo/a");
  EXPECT_FALSE(spec.has_name());
  EXPECT_FALSE(spec.has_training());
}

TEST(JobYaml, TakesAnEmptyChoiceForItsDefaults) {
  EXPECT_TRUE(Parsed("method: {full: }").method().has_full());
  EXPECT_TRUE(Parsed("method: {full: {}}").method().has_full());
}

TEST(JobYaml, WritesWhatItReadsBack) {
  const v1::JobSpec spec = Parsed(kWholeJob);
  EXPECT_TRUE(MessageDifferencer::Equals(Parsed(WriteJobYaml(spec)), spec)) << WriteJobYaml(spec);
}

TEST(JobYaml, WritesStringsThatLookLikeOtherThings) {
  v1::JobSpec spec;
  spec.set_name("true");
  spec.add_train_data("a: b # c");
  spec.add_train_data("1e3");
  spec.set_adapter("quote\" and \\ and\nnewline");
  EXPECT_TRUE(MessageDifferencer::Equals(Parsed(WriteJobYaml(spec)), spec)) << WriteJobYaml(spec);
}

TEST(JobYaml, WritesBlockStyle) {
  v1::JobSpec spec;
  spec.set_name("dates");
  spec.add_train_data("train.jsonl");
  spec.mutable_training()->set_schedule(v1::SCHEDULE_LINEAR);
  spec.mutable_training()->set_learning_rate(1e-4);
  EXPECT_EQ(WriteJobYaml(spec),
            "name: dates\n"
            "train_data:\n"
            "  - train.jsonl\n"
            "eval_data: []\n"
            "training:\n"
            "  learning_rate: 0.0001\n"
            "  schedule: linear\n");
}

TEST(JobYaml, NamesTheNearestKnownKey) {
  ExpectError("name: a\ntraining:\n  epoch: 3\n",
              "job.yaml:3:3: training.epoch: is not known; did you mean epochs?");
  ExpectError("adaptor: demo/a", "job.yaml:1:1: adaptor: is not known; did you mean adapter?");
}

TEST(JobYaml, ListsTheKnownKeysWhereNoneIsNear) {
  ExpectError("sync: {zzzzzz: 1}",
              "job.yaml:1:8: sync.zzzzzz: is not known; known are reduction, local_steps, outer");
}

TEST(JobYaml, ReadsMappings) {
  const auto spec = ParseJobYaml(
      "method: {lora: {rank_pattern: {q_proj: 8, 'layers\\.0\\..*': 2}, alpha_pattern: {v_proj: "
      "1.5}}}",
      "job.yaml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->method().lora().rank_pattern().at("q_proj"), 8);
  EXPECT_EQ(spec->method().lora().rank_pattern().at("layers\\.0\\..*"), 2);
  EXPECT_EQ(spec->method().lora().alpha_pattern().at("v_proj"), 1.5);
  ExpectError("method: {lora: {rank_pattern: {q_proj: many}}}",
              "job.yaml:1:40: method.lora.rank_pattern.q_proj: 'many' is not a whole number of at "
              "most 32 bits");
  ExpectError(
      "method: {lora: {rank_pattern: 8}}",
      "job.yaml:1:31: method.lora.rank_pattern: must be a mapping of names, each to a whole "
      "number of at most 32 bits");
}

TEST(JobYaml, RefusesValuesOfAnotherType) {
  ExpectError("training: {seed: seven}",
              "job.yaml:1:18: training.seed: 'seven' is not a whole number, 0 or more");
  ExpectError("training: {seed: -1}",
              "job.yaml:1:18: training.seed: '-1' is not a whole number, 0 or more");
  ExpectError("training: {max_steps: 1.5}",
              "job.yaml:1:23: training.max_steps: '1.5' is not a whole number");
  ExpectError("priority: 3000000000",
              "job.yaml:1:11: priority: '3000000000' is not a whole number of at most 32 bits");
  ExpectError("training: {epochs: many}", "job.yaml:1:20: training.epochs: 'many' is not a number");
  ExpectError(
      "training: {schedule: sine}",
      "job.yaml:1:22: training.schedule: 'sine' is not one of constant, linear, cosine, wsd");
  ExpectError("training: {schedule: unspecified}",
              "job.yaml:1:22: training.schedule: 'unspecified' is not one of constant, linear, "
              "cosine, wsd");
  ExpectError("name: [a]", "job.yaml:1:7: name: this is not a text");
  ExpectError("train_data: [{a: b}]", "job.yaml:1:14: train_data: this is not a text");
  ExpectError("name:", "job.yaml:1:1: name: has no value; give a text");
}

TEST(JobYaml, RefusesAScalarForAMapping) {
  ExpectError("method: lora", "job.yaml:1:9: method: must be a mapping with keys of lora, full");
  EXPECT_THAT(ParseJobYaml("- a", "job.yaml").status().message(),
              HasSubstr("job.yaml:1:1: must be a mapping with keys of name, base_model"));
}

TEST(JobYaml, RefusesAKeyGivenTwice) {
  ExpectError("name: a\nname: b\n", "job.yaml:2:1: name: is given twice");
}

TEST(JobYaml, RefusesTwoChoicesOfOne) {
  ExpectError("method: {lora: {}, full: {}}",
              "job.yaml:1:20: method.full: excludes lora; give one");
}

TEST(JobYaml, SaysWhereTheYamlIsBroken) {
  EXPECT_THAT(ParseJobYaml("name: a\nmethod: {lora\n", "job.yaml").status().message(),
              HasSubstr("job.yaml:3:1: not YAML: "));
}

TEST(JobYamlOverride, ReplacesScalarsListsAndChoices) {
  v1::JobSpec spec = Parsed(kWholeJob);
  ASSERT_TRUE(ApplyOverride("training.seed=9", &spec).ok());
  ASSERT_TRUE(ApplyOverride("train_data=[a.jsonl, b.jsonl]", &spec).ok());
  ASSERT_TRUE(ApplyOverride("method.full={}", &spec).ok());
  ASSERT_TRUE(ApplyOverride("name=a=b", &spec).ok());
  EXPECT_EQ(spec.training().seed(), 9u);
  EXPECT_EQ(spec.train_data_size(), 2);
  EXPECT_TRUE(spec.method().has_full());
  EXPECT_EQ(spec.name(), "a=b");
}

TEST(JobYamlOverride, SaysWhatIsWrongAndChangesNothing) {
  v1::JobSpec spec = Parsed(kWholeJob);
  EXPECT_EQ(ApplyOverride("training.sead=9", &spec).message(),
            "--set training.sead=9: sead is not known; did you mean seed?");
  EXPECT_EQ(ApplyOverride("training.seed", &spec).message(),
            "--set training.seed: write it as key=value, e.g. training.seed=7");
  EXPECT_EQ(ApplyOverride("name.x=1", &spec).message(),
            "--set name.x=1: name has no keys of its own");
  EXPECT_EQ(
      ApplyOverride("training.seed=x", &spec).message(),
      "--set training.seed=x: value:1:1: training.seed: 'x' is not a whole number, 0 or more");
  EXPECT_TRUE(MessageDifferencer::Equals(spec, Parsed(kWholeJob)));
}

}  // namespace
}  // namespace ropewalk
