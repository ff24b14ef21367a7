#include "services/registry/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

v1::Version VersionOf(const std::vector<std::string>& paths) {
  v1::Version version;
  for (const std::string& path : paths) version.add_files()->set_path(path);
  return version;
}

TEST(ModelCard, ReadsTheFrontMatter) {
  const auto card = ParseModelCard(
      "---\nlicense: mit\ntags: [sql, lora]\nn: 3\nx: 0.5\nquoted: '3'\nyes: true\nnone:\n---\n# "
      "T\n");
  EXPECT_EQ(card, (nlohmann::json{{"license", "mit"},
                                  {"tags", {"sql", "lora"}},
                                  {"n", 3},
                                  {"x", 0.5},
                                  {"quoted", "3"},
                                  {"yes", true},
                                  {"none", nullptr}}));
}

TEST(ModelCard, IsNullWithoutOne) {
  for (const char* const readme : {"", "# Title", "---\nlicense: mit\n", "---\n- a\n---\n",
                                   "---\na: [\n---\n", "text\n---\na: b\n---\n"}) {
    EXPECT_TRUE(ParseModelCard(readme).is_null()) << readme;
  }
}

TEST(ModelCard, DoesNotGrowWithAliases) {
  std::string bomb = "---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [");
    for (int j = 0; j < 10; ++j) absl::StrAppend(&bomb, "*a", i - 1, ", ");
    absl::StrAppend(&bomb, "]\n");
  }
  EXPECT_TRUE(ParseModelCard(absl::StrCat(bomb, "---\n")).is_null());
}

TEST(ModelCard, LabelsAsTheHubDoes) {
  v1::Version version = VersionOf({"adapter_config.json", "adapter_model.safetensors"});
  version.mutable_lineage()->set_job("jobs/j1");
  const nlohmann::json card{{"license", "mit"},
                            {"base_model", "org/base"},
                            {"datasets", {"org/rows"}},
                            {"tags", {"sql", 5, ""}}};
  EXPECT_THAT(LabelsOf(version, card),
              ElementsAre("base_model:adapter:org/base", "base_model:org/base", "dataset:org/rows",
                          "job:j1", "license:mit", "peft", "safetensors", "sql"));
  EXPECT_THAT(LabelsOf(version, {{"library_name", "other"}}), Not(Contains("peft")));
  EXPECT_THAT(LabelsOf(VersionOf({"a.txt"}), nullptr), IsEmpty());
}

TEST(ModelCard, LimitsLabels) {
  nlohmann::json card{{"tags", nlohmann::json::array({std::string(10'000, 'x')})}};
  for (int i = 0; i < 1000; ++i) card["tags"].push_back(absl::StrCat("t", i));
  EXPECT_THAT(LabelsOf(VersionOf({}), card), SizeIs(200));
}

}  // namespace
}  // namespace ropewalk
