#include "worker/tokenizer/bpe.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using Merges = std::vector<std::pair<std::string, std::string>>;

const absl::flat_hash_map<std::string, int32_t>& Vocabulary() {
  static const auto* const vocabulary = new absl::flat_hash_map<std::string, int32_t>{
      {"a", 0}, {"b", 1}, {"c", 2}, {"ab", 3}, {"bc", 4}, {"abc", 5}, {"aa", 6}, {"aaaa", 7}};
  return *vocabulary;
}

std::vector<int32_t> Encode(const Merges& merges, bool ignore_merges, absl::string_view word) {
  const auto bpe = Bpe::Create(Vocabulary(), merges, ignore_merges);
  std::vector<int32_t> tokens;
  EXPECT_TRUE(bpe.ok() && bpe->Encode(word, &tokens).ok());
  return tokens;
}

TEST(Bpe, MergesTheLowestRankFirst) {
  EXPECT_EQ(Encode({{"b", "c"}, {"a", "b"}}, false, "abc"), (std::vector<int32_t>{0, 4}));
  EXPECT_EQ(Encode({{"a", "b"}, {"b", "c"}}, false, "abc"), (std::vector<int32_t>{3, 2}));
}

TEST(Bpe, MergesTheLeftmostAmongEquals) {
  EXPECT_EQ(Encode({{"a", "a"}}, false, "aaa"), (std::vector<int32_t>{6, 0}));
  EXPECT_EQ(Encode({{"a", "a"}}, false, "aaaa"), (std::vector<int32_t>{6, 6}));
}

TEST(Bpe, MergesWhatMergesMade) {
  EXPECT_EQ(Encode({{"a", "b"}, {"ab", "c"}}, false, "abcab"), (std::vector<int32_t>{5, 3}));
  EXPECT_EQ(Encode({{"a", "a"}, {"aa", "aa"}}, false, "aaaaa"), (std::vector<int32_t>{7, 0}));
}

TEST(Bpe, WholeTokensWinWhenMergesAreIgnored) {
  EXPECT_EQ(Encode({}, true, "abc"), (std::vector<int32_t>{5}));
  EXPECT_EQ(Encode({}, false, "abc"), (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(Encode({}, true, "abcb"), (std::vector<int32_t>{0, 1, 2, 1}));
}

TEST(Bpe, EmptyWordHasNoTokens) { EXPECT_TRUE(Encode({}, false, "").empty()); }

TEST(Bpe, LongWordTakesNearlyLinearTime) {
  const std::string word(1 << 18, 'a');
  EXPECT_EQ(Encode({{"a", "a"}, {"aa", "aa"}}, false, word).size(), word.size() / 4);
}

TEST(Bpe, MergeOfAnUnknownTokenIsRefused) {
  const auto bpe = Bpe::Create(Vocabulary(), {{"a", "b"}, {"c", "a"}}, false);
  EXPECT_EQ(bpe.status().message(),
            "merge 1 (\"c\" \"a\") names a token that the vocabulary lacks");
}

TEST(Bpe, ByteThatTheVocabularyLacksIsRefused) {
  std::vector<int32_t> tokens;
  const absl::Status status = Bpe::Create(Vocabulary(), {}, false)->Encode("ad", &tokens);
  EXPECT_EQ(status.message(), "the tokenizer's vocabulary lacks the byte 100");
}

}  // namespace
}  // namespace ropewalk
