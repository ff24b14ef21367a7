#include "worker/tokenizer/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/tokenizer/byte_alphabet.h"

namespace ropewalk {
namespace {

using testing::ElementsAre;

const absl::flat_hash_map<std::string, int32_t>& SmallVocabulary() {
  static const auto* const vocabulary = new absl::flat_hash_map<std::string, int32_t>{
      {"a", 0},    {"b", 1},      {"c", 2},      {"ab", 3},      {"bc", 4}, {"abc", 5}, {"aa", 6},
      {"aaaa", 7}, {"<0xE7>", 8}, {"<0xB8>", 9}, {"<0x84>", 10}, {"?", 11}, {"▁", 12},  {"▁a", 13}};
  return *vocabulary;
}

std::vector<int32_t> Encode(const Bpe::Merges& merges, const BpeOptions& options,
                            absl::string_view word) {
  const auto bpe = Bpe::Create(SmallVocabulary(), merges, options);
  BpeScratch scratch;
  std::vector<int32_t> tokens;
  size_t size = 0;
  for (const WordToken& token : bpe->Encode(word, &scratch)) {
    tokens.push_back(token.id);
    size += token.size;
  }
  EXPECT_LE(size, word.size());
  return tokens;
}

std::vector<int32_t> Encode(const Bpe::Merges& merges, bool ignore_merges, absl::string_view word) {
  return Encode(merges, BpeOptions{.ignore_merges = ignore_merges}, word);
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

TEST(Bpe, UnknownCharactersAreLeftOutOrOneTokenEach) {
  EXPECT_THAT(Encode({}, BpeOptions{}, "a縄b"), ElementsAre(0, 1));
  EXPECT_THAT(Encode({}, BpeOptions{.unk_token = "?"}, "xya縄"), ElementsAre(11, 11, 0, 11));
  EXPECT_THAT(Encode({}, BpeOptions{.fuse_unk = true, .unk_token = "?"}, "xya縄"),
              ElementsAre(11, 0, 11));
}

TEST(Bpe, UnknownCharactersFallBackToBytesIfAllOfTheirsAreTokens) {
  const BpeOptions options{.byte_fallback = true, .unk_token = "?"};
  EXPECT_THAT(Encode({}, options, "a\u7E04b"), ElementsAre(0, 8, 9, 10, 1));
  EXPECT_THAT(Encode({}, options, "a\u7E05b"), ElementsAre(0, 11, 1));
}

// "▁a" is one token although the mark in front of it is an end of another word's.
TEST(Bpe, TextThatIsOneWordIsEncodedInParts) {
  const Bpe::Merges merges = {{"▁", "a"}, {"a", "b"}};
  EXPECT_THAT(Encode(merges, BpeOptions{}, "▁ab▁▁aab▁"), ElementsAre(13, 1, 12, 13, 3, 12));
}

TEST(Bpe, WordsThatWereSeenBeforeHaveTheSameTokens) {
  const Bpe bpe = Bpe::Create(SmallVocabulary(), {{"a", "a"}, {"aa", "aa"}}, {}).value();
  BpeScratch shared;
  for (int round = 0; round < 2; ++round) {
    for (size_t size = 1; size < 100; ++size) {
      const std::string word(size, 'a');
      BpeScratch fresh;
      const auto expected = bpe.Encode(word, &fresh), tokens = bpe.Encode(word, &shared);
      ASSERT_EQ(tokens.size(), expected.size()) << size;
      for (size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(tokens[i].id, expected[i].id);
    }
  }
}

TEST(Bpe, MergeOfAnUnknownTokenIsRefused) {
  const auto bpe = Bpe::Create(SmallVocabulary(), {{"a", "b"}, {"c", "a"}}, {});
  EXPECT_EQ(bpe.status().message(),
            "merge 1 (\"c\" \"a\") names a token that the vocabulary lacks");
}

TEST(Bpe, UnkTokenThatTheVocabularyLacksIsRefused) {
  const auto bpe = Bpe::Create(SmallVocabulary(), {}, BpeOptions{.unk_token = "<unk>"});
  EXPECT_EQ(bpe.status().message(), "the vocabulary lacks the unk_token \"<unk>\"");
}

TEST(Bpe, ReadsBytesIfTheVocabularyHasAll) {
  absl::flat_hash_map<std::string, int32_t> vocabulary;
  for (int byte = 0; byte < 255; ++byte) {
    vocabulary[BytesToCharacters(std::string(1, static_cast<char>(byte)))] = byte;
  }
  EXPECT_FALSE(Bpe::Create(vocabulary, {}, {})->ReadBytes());
  vocabulary["ÿ"] = 255;
  vocabulary["Ġb"] = 256;
  Bpe bpe = Bpe::Create(vocabulary, {{"Ġ", "b"}}, {}).value();
  ASSERT_TRUE(bpe.ReadBytes());
  BpeScratch scratch;
  const auto tokens = bpe.Encode("\xFF b", &scratch);
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[0].id, 255);
  EXPECT_EQ(tokens[1].id, 256);
}

}  // namespace
}  // namespace ropewalk
