#include "worker/tokenizer/added_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using testing::ElementsAre;

// The parts of the text in order, tokens in brackets: those of the original text, and then those of
// what is left.
std::vector<std::string> Split(std::vector<AddedToken> list, absl::string_view text) {
  const AddedTokens tokens(std::move(list));
  std::vector<std::string> parts;
  const auto bracketed = [](const AddedToken& token) {
    return absl::StrCat("[", token.content, "]");
  };
  const auto on_part = [&](size_t begin, size_t end, const AddedToken* token) {
    const absl::string_view left = text.substr(begin, end - begin);
    if (token == nullptr) {
      return tokens.SplitNormalized(left, [&](size_t b, size_t e, const AddedToken* normalized) {
        parts.push_back(normalized ? bracketed(*normalized) : std::string(left.substr(b, e - b)));
        return absl::OkStatus();
      });
    }
    parts.push_back(bracketed(*token));
    return absl::OkStatus();
  };
  EXPECT_TRUE(tokens.SplitOriginal(text, on_part).ok());
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

// Each of them swallows all that follows, and none looks through all of it again.
TEST(AddedTokens, ManyThatAreWhiteSpaceTakeLinearTime) {
  const AddedToken spaces{.content = "  ", .lstrip = true, .rstrip = true};
  EXPECT_EQ(Split({spaces}, std::string(1 << 20, ' ')).size(), 1u << 19);
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

TEST(AddedTokens, NormalizedOnesAreLookedForInTheirNormalForm) {
  const AddedToken token{.content = "DAY", .normalized = true, .normal_form = "day"};
  EXPECT_THAT(Split({token}, "a day, a DAY"), ElementsAre("a ", "[DAY]", ", a DAY"));
}

TEST(AddedTokens, StayTheSameWhenMoved) {
  AddedTokens tokens({{.content = "a"}});
  const AddedTokens moved = std::move(tokens);
  int found = 0;
  const auto on_part = [&](size_t, size_t, const AddedToken* token) {
    found += token == &moved.tokens()[0];
    return absl::OkStatus();
  };
  EXPECT_TRUE(moved.SplitOriginal("aa", on_part).ok());
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace ropewalk
