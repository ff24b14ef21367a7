#include "worker/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "worker/tokenizer/testing/byte_tokenizer.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// The folders that tests/golden/make_tokenizers.py wrote.
class GoldenTokenizer : public testing::TestWithParam<const char*> {
 protected:
  const std::string folder_ = std::string("tests/golden/tokenizers/") + GetParam();
  const Json cases_ = Json::parse(std::ifstream(folder_ + "/cases.json"));
};

TEST_P(GoldenTokenizer, GivesTheIdsOfTheTokenizersLibrary) {
  const auto tokenizer = Tokenizer::Load(folder_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  ASSERT_GE(cases_.size(), 30u);
  for (const Json& item : cases_) {
    const std::string text = item["text"];
    EXPECT_EQ((*tokenizer)->Encode(text).value(), item["ids"].get<std::vector<int32_t>>()) << text;
    EXPECT_EQ((*tokenizer)->EncodeBeginning(text).value(),
              item["ids_with_prefix"].get<std::vector<int32_t>>());
  }
}

TEST_P(GoldenTokenizer, DecodesAsTheTokenizersLibraryDoes) {
  const auto tokenizer = Tokenizer::Load(folder_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  for (const Json& item : cases_) {
    EXPECT_EQ((*tokenizer)->Decode(item["ids"].get<std::vector<int32_t>>()), item["decoded"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, GoldenTokenizer,
                         testing::Values("gpt2", "prefix_space", "llama3", "digits"));

TEST(Tokenizer, GivesTextBackThatHasNoSpecialTokens) {
  const auto tokenizer = MakeByteTokenizer();
  for (const char* text : {"", "a b", "縄 👍🏽\n", "\x01\x7F"}) {
    EXPECT_EQ(tokenizer->Decode(tokenizer->Encode(text).value()), text);
  }
}

TEST(Tokenizer, FindsSpecialTokensInTextAndLeavesThemOutOfIt) {
  const auto tokenizer = MakeByteTokenizer();
  EXPECT_THAT(tokenizer->Encode("a<|end|>b").value(), ElementsAre('a', 256, 'b'));
  EXPECT_EQ(tokenizer->Decode({'a', 256, 'b'}), "ab");
}

TEST(Tokenizer, DecodesUnknownIdsToNothing) {
  EXPECT_EQ(MakeByteTokenizer()->Decode({-1, 'a', 257, 1 << 30}), "a");
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8) {
  const auto tokens = MakeByteTokenizer()->Encode("a\xFF");
  EXPECT_EQ(tokens.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(tokens.status().message(), HasSubstr("not valid UTF-8"));
}

TEST(Tokenizer, ThreadsMayShareIt) {
  const auto tokenizer = MakeByteTokenizer();
  const std::string text = "one two <|end|> three 縄";
  const std::vector<int32_t> expected = tokenizer->Encode(text).value();
  std::vector<std::vector<int32_t>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] { result = tokenizer->Encode(text).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

// A folder with the byte tokenizer and the given files.
absl::StatusOr<std::unique_ptr<Tokenizer>> LoadWith(
    const std::map<std::string, std::string>& files) {
  std::string path = WriteTestFile("tokenizer.json", ByteTokenizerJson().dump());
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (const char* name : {"tokenizer_config.json", "generation_config.json", "config.json"}) {
    std::filesystem::remove(folder / name);
  }
  for (const auto& [name, text] : files) WriteTestFile(name, text);
  return Tokenizer::Load(folder);
}

TEST(EndOfText, IsFoundInTheFirstFileThatSaysIt) {
  const std::string by_name = R"({"eos_token": "<|end|>"})", by_id = R"({"eos_token_id": 65})";
  EXPECT_EQ((*LoadWith({{"tokenizer_config.json", by_name}, {"config.json", by_id}}))->eos(), 256);
  EXPECT_EQ((*LoadWith({{"generation_config.json", R"({"eos_token_id": [66, 65]})"},
                        {"config.json", by_id}}))
                ->eos(),
            66);
  EXPECT_EQ(
      (*LoadWith({{"tokenizer_config.json", R"({"eos_token": null})"}, {"config.json", by_id}}))
          ->eos(),
      65);
}

TEST(EndOfText, MayBeWrittenOutOrBeAnOrdinaryToken) {
  EXPECT_EQ(
      (*LoadWith({{"tokenizer_config.json", R"({"eos_token": {"content": "<|end|>"}})"}}))->eos(),
      256);
  EXPECT_EQ((*LoadWith({{"tokenizer_config.json", R"({"eos_token": "A"})"}}))->eos(), 65);
}

TEST(EndOfText, MustBeSaidAndBeAToken) {
  EXPECT_THAT(LoadWith({}).status().message(), HasSubstr("write eos_token into"));
  EXPECT_THAT(LoadWith({{"tokenizer_config.json", R"({"eos_token": "<eos>"})"}}).status().message(),
              HasSubstr("the eos_token \"<eos>\" is no token"));
  EXPECT_THAT(LoadWith({{"config.json", R"({"eos_token_id": 999999999999})"}}).status().message(),
              HasSubstr("the eos_token_id 999999999999 is no token"));
  EXPECT_THAT(LoadWith({{"config.json", "{"}}).status().message(), HasSubstr("not a JSON object"));
}

TEST(Tokenizer, LoadNamesTheFileThatIsMissingOrDamaged) {
  EXPECT_EQ(Tokenizer::Load("/nowhere").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Tokenizer::Load("/nowhere").status().message(), HasSubstr("/nowhere/tokenizer.json"));
  EXPECT_THAT(LoadWith({{"tokenizer.json", "[]"}}).status().message(),
              HasSubstr("tokenizer.json: "));
}

}  // namespace
}  // namespace ropewalk
