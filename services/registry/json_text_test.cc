#include "services/registry/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "services/registry/hub/hub_body.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

std::string Repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

std::string Nested(int levels) { return Repeated("[", levels) + Repeated("]", levels); }

TEST(JsonText, IsReadWithinItsLimits) {
  EXPECT_EQ(*ParseLimitedJson(R"({"a": [1, "[,{:\"[", null]})", 6),
            (nlohmann::json{{"a", {1, "[,{:\"[", nullptr}}}));
  EXPECT_EQ(*ParseLimitedJson("7", 1), 7);
  EXPECT_TRUE(ParseLimitedJson(Nested(100), 1000).ok());
  EXPECT_TRUE(ParseLimitedJson("[" + Repeated("0,", 9998) + "0]", 10'000).ok());
}

TEST(JsonText, OfTooManyValuesIsRefusedWhateverTheyAre) {
  for (const char* const value : {"0", "{}", "[]", "\"\"", "null", "{\"\":0}", "[[[]]]"}) {
    const std::string text = absl::StrCat("[", Repeated(absl::StrCat(value, ","), 10'000), "0]");
    const auto parsed = ParseLimitedJson(text, 10'000);
    ASSERT_TRUE(absl::IsInvalidArgument(parsed.status())) << value;
    EXPECT_THAT(parsed.status().message(), HasSubstr("more than 10000 values"));
  }
  EXPECT_FALSE(ParseLimitedJson("{\"a\":0,\"b\":0,\"c\":0}", 5).ok());
}

TEST(JsonText, NestedTooDeepIsRefused) {
  for (const std::string& text : {Nested(101), Repeated("[", 1'000'000), Nested(1'000'000),
                                  Repeated("{\"a\":", 500'000), "[\"]]]]\"," + Nested(100) + "]"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseLimitedJson(text, 10'000'000).status()));
    EXPECT_TRUE(ParseJson(text).is_discarded());
  }
}

TEST(JsonText, ThatIsNoneIsRefused) {
  for (const char* const text : {"", "{", "hello", "\"", "\"\\", "[1,]", "\"\xff\"", "1e999999"}) {
    EXPECT_FALSE(ParseLimitedJson(text, 10'000).ok()) << text;
    EXPECT_TRUE(ParseJson(text).is_discarded()) << text;
  }
}

TEST(JsonText, GivesTheObjectsOfABodyAsTheyAre) {
  const nlohmann::json body{{"files", {{{"path", "a"}}, {{"path", "b"}}}}, {"mixed", {1, 2}}};
  const auto files = RequiredObjects(body, "files", 2);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 2u);
  // Not copies.
  EXPECT_EQ(&(*files)[1].get(), &body["files"][1]);
  for (const nlohmann::json& file : *files) EXPECT_TRUE(file.contains("path"));
  EXPECT_FALSE(RequiredObjects(body, "files", 1).ok());
  EXPECT_FALSE(RequiredObjects(body, "mixed", 2).ok());
  EXPECT_FALSE(RequiredObjects(body, "none", 2).ok());
}

}  // namespace
}  // namespace ropewalk
