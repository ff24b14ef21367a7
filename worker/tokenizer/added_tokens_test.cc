#include "worker/tokenizer/added_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using testing::ElementsAre;

// The parts of the text in order, tokens in brackets.
std::vector<std::string> Split(std::vector<AddedToken> tokens, absl::string_view text) {
  std::vector<std::string> parts;
  const auto on_text = [&](absl::string_view part) {
    parts.emplace_back(part);
    return absl::OkStatus();
  };
  const auto on_token = [&](const AddedToken& token) {
    parts.push_back(absl::StrCat("[", token.content, "]"));
  };
  EXPECT_TRUE(AddedTokens(std::move(tokens)).Split(text, on_text, on_token).ok());
  return parts;
}

TEST(AddedTokens, CutTheText) {
  EXPECT_THAT(Split({{.content = "<e>"}}, "a<e><e>b<e"), ElementsAre("a", "[<e>]", "[<e>]", "b<e"));
}

TEST(AddedTokens, TextWithoutThemIsOnePart) {
  EXPECT_THAT(Split({}, "abc"), ElementsAre("abc"));
  EXPECT_THAT(Split({{.content = "x"}}, ""), ElementsAre());
}

TEST(AddedTokens, TheLongestWins) {
  EXPECT_THAT(Split({{.content = "<e>"}, {.content = "<e>x"}}, "<e>x<e>"),
              ElementsAre("[<e>x]", "[<e>]"));
}

TEST(AddedTokens, SwallowWhiteSpaceOnTheirSides) {
  EXPECT_THAT(Split({{.content = "<m>", .lstrip = true}}, "a \t<m> b"),
              ElementsAre("a", "[<m>]", " b"));
  EXPECT_THAT(Split({{.content = "<m>", .rstrip = true}}, "a <m>\u3000\n b"),
              ElementsAre("a ", "[<m>]", "b"));
  EXPECT_THAT(Split({{.content = "<m>", .lstrip = true, .rstrip = true}}, " <m> <m> "),
              ElementsAre("[<m>]", "[<m>]"));
}

TEST(AddedTokens, SingleWordsAreFoundOnlyAlone) {
  const AddedToken rope{.content = "rope", .single_word = true};
  EXPECT_THAT(Split({rope}, "rope, a rope"), ElementsAre("[rope]", ", a ", "[rope]"));
  EXPECT_THAT(Split({rope}, "ropes"), ElementsAre("ropes"));
  EXPECT_THAT(Split({rope}, "érope _rope"), ElementsAre("érope _rope"));
  EXPECT_THAT(Split({rope}, "–rope縄"), ElementsAre("–rope縄"));
  EXPECT_THAT(Split({rope}, "–rope。"), ElementsAre("–", "[rope]", "。"));
}

TEST(AddedTokens, NormalizedOnesAreFoundInWhatTheOthersLeave) {
  const AddedToken raw{.content = "call"}, normalized{.content = "<call>", .normalized = true};
  EXPECT_THAT(Split({raw, normalized}, "<call>"), ElementsAre("<", "[call]", ">"));
}

TEST(AddedTokens, StayTheSameWhenMoved) {
  AddedTokens tokens({{.content = "a"}});
  const AddedTokens moved = std::move(tokens);
  int found = 0;
  const auto on_text = [](absl::string_view) { return absl::OkStatus(); };
  EXPECT_TRUE(moved.Split("aa", on_text, [&](const AddedToken&) { ++found; }).ok());
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace ropewalk
