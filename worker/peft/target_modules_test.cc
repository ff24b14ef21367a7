#include "worker/peft/target_modules.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<LinearPlace> Places() { return LinearPlaces(testing::TinyConfig()); }

std::vector<int64_t> Select(const std::vector<std::string>& targets) {
  const auto selected = SelectPlaces(Places(), targets);
  EXPECT_TRUE(selected.ok()) << selected.status();
  return selected.value_or(std::vector<int64_t>());
}

std::string SelectError(const std::vector<std::string>& targets) {
  const auto selected = SelectPlaces(Places(), targets);
  EXPECT_EQ(selected.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(selected.status().message());
}

TEST(TargetModules, MatchesTheEndOfAPath) {
  EXPECT_THAT(Select({"q_proj"}), ElementsAre(0, 7));
  EXPECT_THAT(Select({"v_proj", "q_proj"}), ElementsAre(0, 2, 7, 9));
  EXPECT_THAT(Select({"1.mlp.up_proj"}), ElementsAre(12));
  EXPECT_THAT(Select({"model.layers.0.mlp.down_proj"}), ElementsAre(6));
}

TEST(TargetModules, DoesNotMatchPartOfAName) {
  EXPECT_THAT(SelectError({"proj"}),
              HasSubstr("no linear layer matches 'proj'; there are down_proj"));
  SelectError({"q_proj", "lm_head"});
}

TEST(TargetModules, AllLinearIsEveryPlace) { EXPECT_EQ(Select({"all-linear"}).size(), 14u); }

TEST(TargetModules, ARegexMatchesWholePaths) {
  EXPECT_THAT(Select({R"(regex:.*\.1\..*(q|v)_proj)"}), ElementsAre(7, 9));
  SelectError({"regex:q_proj"});
}

TEST(TargetModules, RefusesAPatternThatIsNotOne) {
  EXPECT_THAT(SelectError({"regex:("}), HasSubstr("the pattern '(' is wrong"));
}

TEST(TargetModules, EndsABacktrackWithoutEnd) { SelectError({"regex:((.+)+)+!"}); }

TEST(TargetModules, SpecialTargetsStandAlone) {
  SelectError({"all-linear", "q_proj"});
  SelectError({"q_proj", "regex:.*"});
  SelectError({});
}

TEST(TargetModules, AreWrittenAsShortAsTheyMay) {
  EXPECT_THAT(TargetsOf(Places(), {0, 2, 7, 9}), ElementsAre("q_proj", "v_proj"));
  EXPECT_THAT(TargetsOf(Places(), {0, 2, 9}),
              ElementsAre("model.layers.0.self_attn.q_proj", "v_proj"));
}

}  // namespace
}  // namespace ropewalk
