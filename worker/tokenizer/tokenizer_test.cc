#include "worker/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "worker/tokenizer/testing/byte_tokenizer.h"
#include "worker/tokenizer/text_stream.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kGolden = "tests/golden/tokenizers/";

// The folders that tests/golden/tokenizers/make_tokenizers.py wrote.
class GoldenTokenizer : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Tokenizer>> tokenizer = Tokenizer::Load(kGolden + GetParam());
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
    tokenizer_ = *std::move(tokenizer);
    ASSERT_GE(texts_.size(), 50u);
    ASSERT_EQ(texts_.size(), cases_.size());
  }

  std::string text(size_t i) const { return texts_[i]; }
  std::vector<int32_t> ids(size_t i) const { return cases_[i]["ids"]; }

  const Json texts_ = Json::parse(std::ifstream(kGolden + "texts.json"));
  const Json cases_ = Json::parse(std::ifstream(kGolden + GetParam() + "/cases.json"));
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(GoldenTokenizer, GivesTheIdsOfTheTokenizersLibrary) {
  for (size_t i = 0; i < texts_.size(); ++i) {
    EXPECT_EQ(tokenizer_->Encode(text(i)).value(), ids(i)) << text(i);
    std::vector<int32_t> beginning = cases_[i].value("prefix", std::vector<int32_t>());
    for (const int32_t id : ids(i)) beginning.push_back(id);
    EXPECT_EQ(tokenizer_->EncodeBeginning(text(i)).value(), beginning);
  }
}

TEST_P(GoldenTokenizer, GivesItsOffsets) {
  for (size_t i = 0; i < texts_.size(); ++i) {
    const EncodedText encoded = tokenizer_->EncodeWithOffsets(text(i)).value();
    EXPECT_EQ(encoded.tokens, ids(i));
    std::vector<uint32_t> offsets;
    for (size_t token = 0; token < encoded.tokens.size(); ++token) {
      offsets.push_back(encoded.begins[token]);
      offsets.push_back(encoded.ends[token]);
    }
    EXPECT_EQ(offsets, cases_[i]["offsets"].get<std::vector<uint32_t>>()) << text(i);
  }
}

TEST_P(GoldenTokenizer, DecodesAsItDoesAtOnceAndTokenByToken) {
  for (size_t i = 0; i < texts_.size(); ++i) {
    const std::string expected = cases_[i].value("decoded", text(i));
    EXPECT_EQ(tokenizer_->Decode(ids(i)), expected);
    TextStream stream(*tokenizer_);
    std::string streamed;
    for (const int32_t id : ids(i)) {
      stream.Push(id, &streamed);
      EXPECT_TRUE(IsValidUtf8(streamed)) << expected;
      EXPECT_EQ(streamed, expected.substr(0, streamed.size()));
    }
    stream.Finish(&streamed);
    EXPECT_EQ(streamed, expected);
  }
}

TEST_P(GoldenTokenizer, GivesTheSameForManyTextsAtOnce) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < 4 * texts_.size(); ++i) texts.push_back(text(i % texts_.size()));
  const auto tokens = tokenizer_->EncodeAll(texts).value();
  ASSERT_EQ(tokens.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(tokens[i], ids(i % texts_.size()));
}

INSTANTIATE_TEST_SUITE_P(Kinds, GoldenTokenizer,
                         testing::Values("gpt2", "prefix_space", "llama3", "qwen2", "cased",
                                         "digits", "falcon", "nfkc", "nfd", "nfkd", "previous",
                                         "contiguous", "few_bytes", "llama2", "mistral",
                                         "metaspace", "never", "first_stripped", "gemma",
                                         "whole_words"));

TEST(Tokenizer, EncodeAllNamesTheFirstTextThatFails) {
  const auto tokens = MakeByteTokenizer()->EncodeAll({"a", "b\xFF", "c", "\xFF"});
  EXPECT_EQ(tokens.status().message(), "text 1: the text is not valid UTF-8");
}

TEST(Tokenizer, NamesItsTokens) {
  const auto tokenizer = MakeByteTokenizer();
  EXPECT_EQ(tokenizer->TokenToId("Ġ"), ' ');
  EXPECT_EQ(tokenizer->TokenToId("<|end|>"), 256);
  EXPECT_EQ(tokenizer->TokenToId("縄"), -1);
  EXPECT_EQ(tokenizer->IdToToken(' '), "Ġ");
  EXPECT_EQ(tokenizer->IdToToken(256), "<|end|>");
  EXPECT_EQ(tokenizer->IdToToken(257), "");
}

TEST(TextStream, HoldsBackACharacterUntilItIsWhole) {
  const auto tokenizer = MakeByteTokenizer();
  TextStream stream(*tokenizer);
  std::string text;
  for (const int32_t byte : std::vector<int32_t>{'a', 0xE7, 0xB8}) stream.Push(byte, &text);
  EXPECT_EQ(text, "a");
  stream.Push(0x84, &text);
  EXPECT_EQ(text, "a縄");
  for (const int32_t byte : {0xFF, 0xE7, 256}) stream.Push(byte, &text);
  EXPECT_EQ(text, "a縄\uFFFD");
  stream.Finish(&text);
  EXPECT_EQ(text, "a縄\uFFFD\uFFFD");
}

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
