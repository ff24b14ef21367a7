#include "services/registry/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
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

// One long text, named again and again.
TEST(ModelCard, DoesNotGrowWithAliasesOfTexts) {
  const auto values = [](int times) {
    std::string text = absl::StrCat("---\na: &a ", std::string(30'000, 'x'), "\nb: [");
    for (int i = 0; i < times; ++i) absl::StrAppend(&text, "*a,");
    return ParseModelCard(absl::StrCat(text, "]\n---\n"));
  };
  EXPECT_FALSE(values(5).is_null());
  EXPECT_TRUE(values(8000).is_null());
  const auto keys = [](int times) {
    std::string text = absl::StrCat("---\n? &a ", std::string(1000, 'x'), "\n: 0\nb:\n");
    for (int i = 0; i < times; ++i) absl::StrAppend(&text, "- *a : 0\n");
    return ParseModelCard(absl::StrCat(text, "---\n"));
  };
  EXPECT_FALSE(keys(5).is_null());
  EXPECT_TRUE(keys(400).is_null());
}

TEST(ModelCard, DoesNotGoRoundInCircles) {
  EXPECT_TRUE(ParseModelCard("---\na: &a [*a, *a]\n---\n").is_null());
}

TEST(ModelCard, LimitsTheFrontMatterAndNotTheRest) {
  const std::string card = "---\nlicense: mit\n";
  const std::string comment = absl::StrCat("#", std::string(70'000, 'x'), "\n");
  EXPECT_FALSE(ParseModelCard(absl::StrCat(card, "---\n", comment)).is_null());
  EXPECT_TRUE(CheckModelCard(absl::StrCat(card, "---\n", comment)).ok());
  EXPECT_TRUE(ParseModelCard(absl::StrCat(card, comment, "---\n")).is_null());
  EXPECT_THAT(CheckModelCard(absl::StrCat(card, comment, "---\n")).message(),
              HasSubstr("does not end within 65536 bytes"));
}

TEST(ModelCard, IsCheckedOnlyWhereThereIsOne) {
  for (const char* const readme :
       {"", "# Title", "---", "----\n", "---\n---\n# T", "---\nok: 1\n---\n"}) {
    EXPECT_TRUE(CheckModelCard(readme).ok()) << readme;
  }
  EXPECT_THAT(CheckModelCard("---\n- a\n---\n").message(), HasSubstr("not a YAML mapping"));
  EXPECT_THAT(CheckModelCard("---\na: [\n---\n").message(), HasSubstr("is not YAML"));
  EXPECT_THAT(CheckModelCard("---\na: b\n").message(), HasSubstr("does not end"));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckModelCard("---\na: b\n")));
}

// Labels go to clients of gRPC, which take UTF-8 only, and to terminals.
TEST(ModelCard, IsText) {
  for (const char* const text :
       {"tags: [\"a\xff\xfe\"]", "license: \xc0\xae", "\xff: a", "base_model: \xed\xa0\x80"}) {
    const std::string readme = absl::StrCat("---\n", text, "\n---\n");
    EXPECT_TRUE(ParseModelCard(readme).is_null()) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(CheckModelCard(readme))) << text;
  }
  const auto card = ParseModelCard(
      "---\ntags: [\"\\x1b[31m\", \"a\\nb\", \"\\0\", \"\\u0085\", \"\\u009b\", \"\\xa0\", "
      "\"\xc3\xa9\"]\n---\n");
  EXPECT_THAT(LabelsOf(VersionOf({}), card), ElementsAre("\xc2\xa0", "\xc3\xa9"));
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
