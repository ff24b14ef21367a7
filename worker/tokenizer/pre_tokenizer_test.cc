#include "worker/tokenizer/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "services/common/status_macros.h"
#include "worker/tokenizer/regex.h"
#include "worker/tokenizer/rewriting_steps.h"
#include "worker/tokenizer/split.h"

namespace ropewalk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<std::vector<std::string>> WordsOf(const PreTokenizer& pre_tokenizer,
                                                 absl::string_view text) {
  std::vector<std::string> words;
  RETURN_IF_ERROR(pre_tokenizer.ForEachWord({text, nullptr, true}, [&](const AlignedView& word) {
    words.emplace_back(word.text);
    return absl::OkStatus();
  }));
  return words;
}

absl::StatusOr<PreTokenizer> Splits(const std::vector<std::string>& expressions,
                                    SplitBehavior behavior = SplitBehavior::kIsolated) {
  std::vector<std::unique_ptr<const PreTokenizerStep>> steps;
  for (const std::string& expression : expressions) {
    ASSIGN_OR_RETURN(Regex regex, Regex::Create(expression));
    steps.push_back(std::make_unique<Split>(std::move(regex), behavior, /*invert=*/false));
  }
  return PreTokenizer(std::move(steps));
}

absl::StatusOr<std::vector<std::string>> TryWords(const std::vector<std::string>& expressions,
                                                  absl::string_view text) {
  ASSIGN_OR_RETURN(const PreTokenizer pre_tokenizer, Splits(expressions));
  return WordsOf(pre_tokenizer, text);
}

std::vector<std::string> Words(const std::vector<std::string>& expressions,
                               absl::string_view text) {
  return TryWords(expressions, text).value();
}

template <typename Step, typename... Args>
PreTokenizer OneStep(Args&&... args) {
  std::vector<std::unique_ptr<const PreTokenizerStep>> steps;
  steps.push_back(std::make_unique<Step>(std::forward<Args>(args)...));
  return PreTokenizer(std::move(steps));
}

TEST(PreTokenizer, CutsAsGpt2Does) {
  EXPECT_THAT(Words({Split::kGpt2Regex}, "It's 12  縄縄!?\n"),
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

TEST(PreTokenizer, CharactersOfUnicode16HaveTheirClasses) {
  // Letters of Unicode 15 and 16, digits, marks and signs.
  EXPECT_THAT(Words({"\\p{L}+"}, "a\U00031350b\U000105C0\u1C89!"),
              ElementsAre("a\U00031350b\U000105C0\u1C89", "!"));
  EXPECT_THAT(Words({"\\p{N}+"}, "1\U0001E4F0x"), ElementsAre("1\U0001E4F0", "x"));
  EXPECT_THAT(Words({"[^\\p{L}]+"}, "a\U0001FAE8b"), ElementsAre("a", "\U0001FAE8", "b"));
}

TEST(PreTokenizer, EmptyMatchesCutToo) {
  EXPECT_THAT(Words({"(?=b)"}, "abcb"), ElementsAre("a", "bc", "b"));
  EXPECT_THAT(Words({"x*"}, "axxb"), ElementsAre("a", "xx", "b"));
  EXPECT_FALSE(TryWords({"(?=ab\\K)"}, "abc").ok()) << "a match that ends before it begins";
}

TEST(PreTokenizer, MatchesAreJoinedAsTheBehaviorSays) {
  const auto words = [](SplitBehavior behavior) {
    return WordsOf(*Splits({"-"}, behavior), "-a--b-").value();
  };
  EXPECT_THAT(words(SplitBehavior::kIsolated), ElementsAre("-", "a", "-", "-", "b", "-"));
  EXPECT_THAT(words(SplitBehavior::kRemoved), ElementsAre("a", "b"));
  EXPECT_THAT(words(SplitBehavior::kMergedWithPrevious), ElementsAre("-", "a-", "-", "b-"));
  EXPECT_THAT(words(SplitBehavior::kMergedWithNext), ElementsAre("-a", "-", "-b", "-"));
  EXPECT_THAT(words(SplitBehavior::kContiguous), ElementsAre("-", "a", "--", "b", "-"));
}

TEST(PreTokenizer, InvertedSplitMatchesWhatLiesBetween) {
  Regex regex = Regex::Create("[a-z]+").value();
  const PreTokenizer words = OneStep<Split>(std::move(regex), SplitBehavior::kRemoved, true);
  EXPECT_THAT(WordsOf(words, "ab, c").value(), ElementsAre("ab", "c"));
}

TEST(PreTokenizer, MetaspaceMarksSpaces) {
  using Prepend = Metaspace::Prepend;
  const auto words = [](Prepend prepend, bool split, absl::string_view text) {
    return WordsOf(OneStep<Metaspace>("▁", prepend, split), text).value();
  };
  EXPECT_THAT(words(Prepend::kAlways, true, "a  b"), ElementsAre("▁a", "▁", "▁b"));
  EXPECT_THAT(words(Prepend::kAlways, true, " a"), ElementsAre("▁a"));
  EXPECT_THAT(words(Prepend::kAlways, true, "▁a"), ElementsAre("▁a"));
  EXPECT_THAT(words(Prepend::kNever, true, "a b"), ElementsAre("a", "▁b"));
  EXPECT_THAT(words(Prepend::kFirst, false, "a b"), ElementsAre("▁a▁b"));
}

TEST(PreTokenizer, BytesAndPrefixSpaceCanBeWrittenOut) {
  EXPECT_THAT(WordsOf(OneStep<ByteCharacters>(), "a é").value(), ElementsAre("aĠÃ©"));
  EXPECT_THAT(WordsOf(OneStep<PrefixSpace>(), "a").value(), ElementsAre(" a"));
  EXPECT_THAT(WordsOf(OneStep<PrefixSpace>(), " a").value(), ElementsAre(" a"));
}

TEST(PreTokenizer, ExpressionsThatOnigurumaReadsOtherwiseAreRefused) {
  EXPECT_THAT(TryWords({"[a[bc]]"}, "").status().message(), HasSubstr("set within a set"));
  EXPECT_THAT(TryWords({"[\\w&&[^a]]"}, "").status().message(), HasSubstr("set within a set"));
  EXPECT_THAT(TryWords({"(?m:a)"}, "").status().message(), HasSubstr("option (?m)"));
  for (const char* fine : {"[]a]", "[^]a]", "[[:alpha:]x]", "a\\[[b]", "[a\\]b]&&[c]"}) {
    EXPECT_TRUE(TryWords({fine}, "x").ok()) << fine;
  }
}

TEST(PreTokenizer, ExplosiveExpressionEndsWithAnError) {
  std::string text(100, 'a');  // as one sum, GCC 12 warns of it
  text += 'b';
  EXPECT_THAT(TryWords({"(a|aa|aaa)+$"}, text).status().message(), HasSubstr("limit exceeded"));
}

TEST(PreTokenizer, StopsAtTheVisitorsError) {
  int words = 0;
  const auto visit = [&](const AlignedView&) {
    return ++words == 2 ? absl::CancelledError("enough") : absl::OkStatus();
  };
  const absl::Status status = Splits({"."})->ForEachWord({"abc", nullptr, true}, visit);
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(words, 2);
}

}  // namespace
}  // namespace ropewalk
