#include "worker/tokenizer/tokenizer_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "worker/tokenizer/testing/byte_tokenizer.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<TokenizerParts> Parse(const std::function<void(Json&)>& change) {
  Json json = ByteTokenizerJson();
  change(json);
  return ParseTokenizerJson(json.dump());
}

std::string Error(const std::function<void(Json&)>& change) {
  const absl::Status status = Parse(change).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

Json Template(const Json& single) {
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"special_tokens", {{"<|end|>", {{"id", "<|end|>"}, {"ids", {256}}}}}}};
}

const Json kText = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
const Json kEnd = {{"SpecialToken", {{"id", "<|end|>"}, {"type_id", 0}}}};

TEST(TokenizerJson, ReadsMergesWrittenEitherWay) {
  for (const Json& merge : {Json("a b"), Json({"a", "b"})}) {
    const auto parts = Parse([&](Json& json) {
      json["model"]["vocab"]["ab"] = 300;
      json["model"]["merges"] = Json::array({merge});
    });
    ASSERT_TRUE(parts.ok()) << parts.status();
    BpeScratch scratch;
    const auto tokens = parts->bpe.Encode("xab", &scratch);
    ASSERT_EQ(tokens.size(), 2u);
    EXPECT_EQ(tokens[1].id, 300);
  }
}

TEST(TokenizerJson, ReadsTheTokensThatATemplatePutsInFront) {
  const auto parts = Parse([](Json& json) {
    json["post_processor"] = {{"type", "Sequence"},
                              {"processors", {{{"type", "ByteLevel"}}, Template({kEnd, kText})}}};
  });
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_THAT(parts->prefix, ElementsAre(256));
}

TEST(TokenizerJson, RefusesOtherKindsByName) {
  const auto set_type = [](const char* part, const char* type) {
    return [=](Json& json) { json[part] = {{"type", type}}; };
  };
  EXPECT_EQ(Error(set_type("normalizer", "Precompiled")),
            "the normalizer Precompiled is not supported; supported: Prepend, Replace, NFC, NFD, "
            "NFKC, NFKD, Lowercase, Strip, a Sequence");
  EXPECT_THAT(Error(set_type("decoder", "WordPiece")), HasSubstr("decoder WordPiece is not supp"));
  EXPECT_THAT(Error(set_type("pre_tokenizer", "CharDelimiterSplit")),
              HasSubstr("pre_tokenizer CharDelimiterSplit"));
  EXPECT_THAT(Error(set_type("post_processor", "BertProcessing")), HasSubstr("BertProcessing"));
  EXPECT_THAT(Error([](Json& json) { json["model"]["type"] = "Unigram"; }),
              HasSubstr("model Unigram is not supported; supported: BPE"));
}

TEST(TokenizerJson, RefusesOptionsThatWouldChangeTheTokens) {
  const auto set = [](const char* option, Json value) {
    return [=](Json& json) { json["model"][option] = value; };
  };
  EXPECT_THAT(Error(set("dropout", 0.1)), HasSubstr("BPE with dropout"));
  EXPECT_THAT(Error(set("end_of_word_suffix", "</w>")), HasSubstr("BPE with end_of_word_suffix"));
  EXPECT_TRUE(Parse(set("dropout", nullptr)).ok());
  EXPECT_TRUE(Parse(set("continuing_subword_prefix", "")).ok());
}

TEST(TokenizerJson, RefusesATemplateThatAddsTokensAfterTheText) {
  EXPECT_THAT(Error([](Json& json) {
                json["post_processor"] = Template({kText, kEnd});
              }),
              HasSubstr("adds tokens after the text"));
}

TEST(TokenizerJson, RefusesWhatHasTooManyPartsOrTooDeepOnes) {
  const Json digits = {{"type", "Digits"}};
  const auto sequence = [](const Json& items) {
    return Json{{"type", "Sequence"}, {"pretokenizers", items}};
  };
  const auto set = [](const Json& part) {
    return [=](Json& json) { json["pre_tokenizer"] = part; };
  };
  EXPECT_TRUE(Parse(set(sequence(Json::array({digits, sequence(Json::array({digits}))})))).ok());
  EXPECT_THAT(Error(set(sequence(std::vector<Json>(17, digits)))), HasSubstr("more than 16 parts"));
  Json deep = digits;
  for (int depth = 0; depth < 5; ++depth) deep = sequence(Json::array({deep}));
  EXPECT_THAT(Error(set(deep)), HasSubstr("Sequences more than 4 deep"));
}

TEST(TokenizerJson, RefusesDecodersInAnOrderThatMeansNothing) {
  EXPECT_THAT(Error([](Json& json) {
                json["decoder"] = {{"type", "Sequence"},
                                   {"decoders", {{{"type", "Fuse"}}, {{"type", "ByteFallback"}}}}};
              }),
              HasSubstr("ByteFallback after Fuse"));
}

TEST(TokenizerJson, NumbersAddedTokensAfterTheVocabulary) {
  const auto parts = Parse([](Json& json) {
    json["added_tokens"] = {{{"id", 900}, {"content", "<x>"}},
                            {{"id", 7}, {"content", "a"}},
                            {{"id", 3}, {"content", "<y>"}},
                            {{"id", 3}, {"content", "<x>"}, {"special", true}}};
  });
  ASSERT_TRUE(parts.ok()) << parts.status();
  const auto& tokens = parts->added_tokens.tokens();
  ASSERT_EQ(tokens.size(), 3u);
  EXPECT_EQ(tokens[0].id, 256);
  EXPECT_TRUE(tokens[0].special);
  EXPECT_EQ(tokens[1].id, 'a');
  EXPECT_EQ(tokens[2].id, 257);
}

TEST(TokenizerJson, RefusesBadTokenIds) {
  for (const Json& id : {Json(-1), Json(1.5), Json("1"), Json(int64_t{1} << 40), Json(nullptr)}) {
    EXPECT_THAT(Error([&](Json& json) { json["model"]["vocab"]["x"] = id; }),
                HasSubstr("the id of \"x\" is not a number from 0 to"))
        << id;
    EXPECT_FALSE(Parse([&](Json& json) { json["added_tokens"][0]["id"] = id; }).ok()) << id;
  }
}

// Every value in turn is taken away or replaced by one of another type.
void DamageEverywhere(Json& root, Json& here) {
  if (!here.is_structured() || here.size() > 100) return;
  for (Json& child : here) {
    const Json kept = child;
    for (const Json& other : {Json(), Json(7), Json("x"), Json({1}), Json({{"type", "x"}})}) {
      child = other;
      ParseTokenizerJson(root.dump()).IgnoreError();
    }
    child = kept;
    DamageEverywhere(root, child);
  }
}

TEST(TokenizerJson, DamageNeverCrashes) {
  Json json = ByteTokenizerJson();
  json["post_processor"] = Template({kEnd, kText});
  json["model"]["merges"] = {"a b"};
  json["model"]["vocab"]["ab"] = 300;
  DamageEverywhere(json, json);
  EXPECT_TRUE(ParseTokenizerJson(json.dump()).ok());
}

TEST(TokenizerJson, TruncationIsRefusedWithItsPlace) {
  const std::string text = ByteTokenizerJson().dump();
  for (size_t size = 0; size < text.size(); size += 37) {
    EXPECT_FALSE(ParseTokenizerJson(text.substr(0, size)).ok());
  }
  EXPECT_THAT(ParseTokenizerJson("{\"model\": \xFF}").status().message(), HasSubstr("at byte 11"));
}

TEST(TokenizerJson, DeepNestingIsRefusedWithoutOverflow) {
  for (const char* key : {"normalizer", "pre_tokenizer", "added_tokens", "model"}) {
    const std::string deep = std::string(1 << 17, '[') + std::string(1 << 17, ']');
    EXPECT_FALSE(ParseTokenizerJson("{\"" + std::string(key) + "\":" + deep + "}").ok());
  }
}

}  // namespace
}  // namespace ropewalk
