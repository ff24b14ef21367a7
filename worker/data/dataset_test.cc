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
using testing::EndsWith;
using testing::HasSubstr;

constexpr char kPair[] = R"({"prompt": "ab", "completion": "cd"})";
constexpr char kText[] = R"({"text": "abc"})";

absl::StatusOr<Dataset> LoadFiles(const std::vector<std::string>& files, DatasetOptions options,
                                  const Tokenizer& tokenizer = *MakeByteTokenizer()) {
  const absl::StatusOr<ChatFormat> chat = absl::NotFoundError("no template");
  return Dataset::Load(files, RowTokeniser(&tokenizer, &chat, Learn::kAnswers), options);
}

absl::StatusOr<Dataset> Load(const std::string& lines, int64_t max_sequence_length = 512,
                             TooLong too_long = TooLong::kCut) {
  return LoadFiles({WriteTestFile("data.jsonl", lines)}, {max_sequence_length, too_long});
}

TEST(Dataset, PromptAndCompletionAreTokenisedApart) {
  nlohmann::json json = ByteTokenizerJson();
  json["model"]["vocab"]["bc"] = 300;
  json["model"]["merges"] = {"b c"};
  const Tokenizer tokenizer(ParseTokenizerJson(json.dump()).value(), 256);
  const auto data = LoadFiles({WriteTestFile("data.jsonl", kPair)}, {}, tokenizer);
  EXPECT_THAT(data->document(0).tokens, ElementsAre('a', 'b', 'c', 'd', 256));
}

TEST(Dataset, DocumentsBeginAsTheTokenizerSays) {
  TokenizerParts parts = ParseTokenizerJson(ByteTokenizerJson().dump()).value();
  parts.prefix = {256};
  const Tokenizer tokenizer(std::move(parts), 256);
  const std::string path = WriteTestFile("data.jsonl", absl::StrCat(kPair, "\n", kText));
  const auto data = LoadFiles({path}, {}, tokenizer);
  EXPECT_THAT(data->document(0).tokens, ElementsAre(256, 'a', 'b', 'c', 'd', 256));
  EXPECT_THAT(data->document(0).targets, ElementsAre(TokenRange{3, 6}));
  EXPECT_EQ(data->document(0).prompt_length, 3);
  EXPECT_THAT(data->document(1).tokens, ElementsAre(256, 'a', 'b', 'c', 256));
  EXPECT_THAT(data->document(1).targets, ElementsAre(TokenRange{1, 5}));
}

TEST(Dataset, CutsLongRowsAtTheEnd) {
  const Dataset data = Load(absl::StrCat(kPair, "\n", kText), 4).value();
  EXPECT_THAT(data.document(0).tokens, ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(data.document(1).tokens, ElementsAre('a', 'b', 'c', 256));
  EXPECT_THAT(data.lengths(), ElementsAre(4, 4));
  EXPECT_EQ(data.reports()[0].cut_rows, 1);
  EXPECT_EQ(data.reports()[0].documents, 2);
}

TEST(Dataset, DropsRowsLeftWithNothingToLearn) {
  const Dataset data = Load(absl::StrCat(kPair, "\n", kText), 2).value();
  ASSERT_EQ(data.size(), 1);
  EXPECT_THAT(data.document(0).tokens, ElementsAre('a', 'b'));
  EXPECT_EQ(data.document(0).prompt_length, 0);
  EXPECT_EQ(data.reports()[0].rows_without_target, 1);
  EXPECT_THAT(data.reports()[0].first_dropped, EndsWith("data.jsonl:1"));
}

TEST(Dataset, DropsLongRowsOnRequest) {
  const Dataset data = Load(absl::StrCat(kPair, "\n", kText), 4, TooLong::kDrop).value();
  ASSERT_EQ(data.size(), 1);
  EXPECT_THAT(data.document(0).tokens, ElementsAre('a', 'b', 'c', 256));
  EXPECT_EQ(data.reports()[0].too_long_rows, 1);
  EXPECT_EQ(data.reports()[0].cut_rows, 0);
}

TEST(Dataset, ReportsWhatBecameOfEachFile) {
  const Dataset data =
      LoadFiles({WriteTestFile("1", absl::StrCat(kPair, "\n", kText)), WriteTestFile("2", kPair)},
                {4, TooLong::kCut})
          .value();
  EXPECT_THAT(data.reports()[0].ToString(),
              EndsWith("1: 2 rows, 2 used (8 tokens, 5 of them learnt); 1 cut"));
  EXPECT_THAT(data.reports()[1].ToString(),
              EndsWith("2: 1 row, 1 used (4 tokens, 2 of them learnt); 1 cut"));
}

TEST(Dataset, TakesDocumentsThatAreTokenisedAlready) {
  Document document{.tokens = {1, 2, 3}};
  document.Learn(0, 3);
  const Dataset data = Dataset::Of({document, document});
  EXPECT_THAT(data.lengths(), ElementsAre(3, 3));
  EXPECT_EQ(data.reports()[0].documents, 2);
  EXPECT_EQ(data.reports()[0].tokens, 6);
  EXPECT_EQ(data.reports()[0].targets, 4);
}

TEST(Dataset, WithoutAnythingToLearnIsRefused) {
  EXPECT_THAT(Load(kPair, 2).status().message(),
              HasSubstr("no row has anything to learn within training.max_sequence_length (2)"));
}

TEST(Dataset, ReadsItsFilesInOrder) {
  const auto data = LoadFiles({WriteTestFile("1", kPair), WriteTestFile("2", kText)}, {});
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
  EXPECT_THAT(LoadFiles({path}, {}, tokenizer).status().message(),
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
