#include "worker/tokenizer/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<std::vector<std::string>> TryWords(const std::vector<std::string>& expressions,
                                                  absl::string_view text) {
  const auto pre_tokenizer = PreTokenizer::Create(expressions);
  if (!pre_tokenizer.ok()) return pre_tokenizer.status();
  std::vector<std::string> words;
  const absl::Status status = pre_tokenizer->ForEachWord(text, [&](absl::string_view word) {
    words.emplace_back(word);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return words;
}

std::vector<std::string> Words(const std::vector<std::string>& expressions,
                               absl::string_view text) {
  return TryWords(expressions, text).value();
}

TEST(PreTokenizer, CutsAsGpt2Does) {
  EXPECT_THAT(Words({PreTokenizer::kGpt2Regex}, "It's 12  縄縄!?\n"),
              ElementsAre("It", "'s", " 12", " ", " 縄縄", "!?", "\n"));
}

TEST(PreTokenizer, KeepsWhatLiesBetweenMatches) {
  EXPECT_THAT(Words({"b"}, "abcb"), ElementsAre("a", "b", "c", "b"));
}

TEST(PreTokenizer, EachExpressionCutsThePiecesOfTheOneBefore) {
  EXPECT_THAT(Words({"\\p{N}", "b"}, "ab1bb2"), ElementsAre("a", "b", "1", "b", "b", "2"));
}

TEST(PreTokenizer, WithoutExpressionTheTextIsOneWord) {
  EXPECT_THAT(Words({}, "a b"), ElementsAre("a b"));
  EXPECT_TRUE(Words({}, "").empty());
}

TEST(PreTokenizer, MongolianVowelSeparatorIsNoSpace) {
  EXPECT_THAT(Words({"\\s+"}, "a \u180E b"), ElementsAre("a", " ", "\u180E", " ", "b"));
}

TEST(PreTokenizer, BadExpressionIsRefusedWithItsPlace) {
  EXPECT_THAT(TryWords({"a(b"}, "").status().message(), HasSubstr("wrong at byte 3"));
  EXPECT_FALSE(TryWords({"\\C"}, "").ok()) << "would stop within a character";
  EXPECT_FALSE(TryWords({std::string(1 << 20, 'a')}, "").ok());
  EXPECT_FALSE(TryWords({std::string(10000, '(') + std::string(10000, ')')}, "").ok());
}

TEST(PreTokenizer, EmptyMatchIsRefused) {
  EXPECT_THAT(TryWords({"x*"}, "abc").status().message(), HasSubstr("matches the empty text"));
  EXPECT_FALSE(TryWords({"(?=b)"}, "abc").ok());
  EXPECT_FALSE(TryWords({"(?=ab\\K)"}, "abc").ok()) << "a match that ends before it begins";
}

TEST(PreTokenizer, ExplosiveExpressionEndsWithAnError) {
  const std::string text = std::string(100, 'a') + "b";
  EXPECT_THAT(TryWords({"(a|aa|aaa)+$"}, text).status().message(), HasSubstr("limit exceeded"));
}

TEST(PreTokenizer, StopsAtTheVisitorsError) {
  const auto pre_tokenizer = PreTokenizer::Create({"."});
  int words = 0;
  const absl::Status status = pre_tokenizer->ForEachWord("abc", [&](absl::string_view) {
    return ++words == 2 ? absl::CancelledError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(words, 2);
}

}  // namespace
}  // namespace ropewalk
