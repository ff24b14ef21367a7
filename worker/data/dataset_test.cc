#include "worker/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "worker/tensor/parallel.h"
#include "worker/tokenizer/testing/byte_tokenizer.h"
#include "worker/tokenizer/tokenizer_json.h"

namespace ropewalk {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kPair[] = R"({"prompt": "ab", "completion": "cd"})";
constexpr char kText[] = R"({"text": "abc"})";

absl::StatusOr<Dataset> Load(const std::string& lines, int64_t max_sequence_length = 512) {
  return Dataset::Load({WriteTestFile("data.jsonl", lines)}, *MakeByteTokenizer(),
                       {max_sequence_length});
}

TEST(Dataset, LearnsTheCompletionAndTheEndOfText) {
  const Dataset data = Load(kPair).value();
  ASSERT_EQ(data.size(), 1);
  EXPECT_THAT(data.document(0).tokens, ElementsAre('a', 'b', 'c', 'd', 256));
  EXPECT_EQ(data.document(0).first_target, 2);
  EXPECT_EQ(data.document(0).prompt_length, 2);
  EXPECT_EQ(data.document(0).completion, "cd");
}

TEST(Dataset, LearnsAllOfATextButItsFirstToken) {
  const Dataset data = Load(kText).value();
  EXPECT_THAT(data.document(0).tokens, ElementsAre('a', 'b', 'c', 256));
  EXPECT_EQ(data.document(0).first_target, 1);
  EXPECT_EQ(data.document(0).prompt_length, 0);
}

TEST(Dataset, PromptAndCompletionAreTokenisedApart) {
  nlohmann::json json = ByteTokenizerJson();
  json["model"]["vocab"]["bc"] = 300;
  json["model"]["merges"] = {"b c"};
  const Tokenizer tokenizer(ParseTokenizerJson(json.dump()).value(), 256);
  const auto data = Dataset::Load({WriteTestFile("data.jsonl", kPair)}, tokenizer, {});
  EXPECT_THAT(data->document(0).tokens, ElementsAre('a', 'b', 'c', 'd', 256));
}

TEST(Dataset, DocumentsBeginAsTheTokenizerSays) {
  TokenizerParts parts = ParseTokenizerJson(ByteTokenizerJson().dump()).value();
  parts.prefix = {256};
  const Tokenizer tokenizer(std::move(parts), 256);
  const std::string path = WriteTestFile("data.jsonl", absl::StrCat(kPair, "\n", kText));
  const auto data = Dataset::Load({path}, tokenizer, {});
  EXPECT_THAT(data->document(0).tokens, ElementsAre(256, 'a', 'b', 'c', 'd', 256));
  EXPECT_EQ(data->document(0).first_target, 3);
  EXPECT_EQ(data->document(0).prompt_length, 3);
  EXPECT_THAT(data->document(1).tokens, ElementsAre(256, 'a', 'b', 'c', 256));
  EXPECT_EQ(data->document(1).first_target, 1);
}

TEST(Dataset, CutsLongRowsAtTheEnd) {
  const Dataset data = Load(absl::StrCat(kPair, "\n", kText), 4).value();
  EXPECT_THAT(data.document(0).tokens, ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(data.document(1).tokens, ElementsAre('a', 'b', 'c', 256));
  EXPECT_THAT(data.lengths(), ElementsAre(4, 4));
  EXPECT_EQ(data.cut_rows(), 1);
  EXPECT_EQ(data.dropped_rows(), 0);
}

TEST(Dataset, DropsRowsLeftWithNothingToLearn) {
  const Dataset data = Load(absl::StrCat(kPair, "\n", kText), 2).value();
  ASSERT_EQ(data.size(), 1);
  EXPECT_THAT(data.document(0).tokens, ElementsAre('a', 'b'));
  EXPECT_EQ(data.document(0).prompt_length, 0);
  EXPECT_EQ(data.dropped_rows(), 1);
}

TEST(Dataset, WithoutAnythingToLearnIsRefused) {
  EXPECT_THAT(Load(kPair, 2).status().message(),
              HasSubstr("every prompt fills training.max_sequence_length (2)"));
}

TEST(Dataset, ReadsItsFilesInOrder) {
  const auto data = Dataset::Load({WriteTestFile("1", kPair), WriteTestFile("2", kText)},
                                  *MakeByteTokenizer(), {});
  ASSERT_EQ(data->size(), 2);
  EXPECT_EQ(data->document(0).prompt_length, 2);
  EXPECT_EQ(data->document(1).prompt_length, 0);
}

TEST(Dataset, NamesTheRowThatCannotBeTokenised) {
  nlohmann::json json = ByteTokenizerJson();
  json["pre_tokenizer"] = {
      {"type", "Split"}, {"pattern", {{"Regex", "(a|aa|aaa)+$"}}}, {"behavior", "Isolated"}};
  const Tokenizer tokenizer(ParseTokenizerJson(json.dump()).value(), 256);
  const std::string endless = R"({"text": ")" + std::string(100, 'a') + R"(b"})";
  const std::string path = WriteTestFile("data.jsonl", absl::StrCat(kText, "\n", endless));
  EXPECT_THAT(Dataset::Load({path}, tokenizer, {}).status().message(),
              HasSubstr(path + ":2: the regular expression fails on this text"));
}

TEST(Dataset, IsTheSameForAnyNumberOfThreads) {
  std::string lines;
  for (int i = 0; i < 500; ++i) absl::StrAppend(&lines, "{\"text\": \"row ", i * i, "\"}\n");
  SetThreads(1);
  const std::string one = Load(lines)->digest();
  SetThreads(3);
  const std::string three = Load(lines)->digest();
  SetThreads(1);
  EXPECT_EQ(one, three);
}

TEST(Dataset, DigestTellsTokensTargetsAndBordersApart) {
  const std::string pair = Load(kPair)->digest();
  EXPECT_EQ(pair.size(), 64u);
  EXPECT_EQ(pair, Load(kPair)->digest());
  EXPECT_NE(pair, Load(R"({"prompt": "ab", "completion": "ce"})")->digest());
  EXPECT_NE(pair, Load(R"({"prompt": "abc", "completion": "d"})")->digest());
  EXPECT_NE(Load("{\"text\": \"ab\"}\n{\"text\": \"c\"}")->digest(),
            Load("{\"text\": \"a\"}\n{\"text\": \"bc\"}")->digest());
}

}  // namespace
}  // namespace ropewalk
