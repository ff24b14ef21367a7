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
    std::vector<int32_t> tokens;
    ASSERT_TRUE(parts.ok() && parts->bpe.Encode("xab", &tokens).ok());
    EXPECT_THAT(tokens, ElementsAre('x', 300));
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
  EXPECT_EQ(Error(set_type("normalizer", "Lowercase")),
            "the normalizer Lowercase is not supported; supported: none, NFC");
  EXPECT_THAT(Error(set_type("decoder", "WordPiece")), HasSubstr("decoder WordPiece is not supp"));
  EXPECT_THAT(Error(set_type("pre_tokenizer", "Metaspace")), HasSubstr("pre_tokenizer Metaspace"));
  EXPECT_THAT(Error(set_type("post_processor", "BertProcessing")), HasSubstr("BertProcessing"));
  EXPECT_THAT(Error([](Json& json) { json["model"]["type"] = "Unigram"; }),
              HasSubstr("model Unigram is not supported; supported: BPE"));
}

TEST(TokenizerJson, RefusesOptionsThatWouldChangeTheTokens) {
  const auto set = [](const char* option, Json value) {
    return [=](Json& json) { json["model"][option] = value; };
  };
  EXPECT_THAT(Error(set("byte_fallback", true)), HasSubstr("BPE with byte_fallback"));
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

TEST(TokenizerJson, RefusesPreTokenizersItCannotFollow) {
  const Json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  const auto set = [](const Json& steps) {
    return [=](Json& json) {
      json["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", steps}};
    };
  };
  const Json split = {{"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Isolated"}};
  EXPECT_TRUE(Parse(set({split, byte_level})).ok());
  Json removed = split, literal = split, inverted = split, prefixed = byte_level, bad = split;
  removed["behavior"] = "Removed";
  literal["pattern"] = {{"String", "a"}};
  inverted["invert"] = true;
  prefixed["add_prefix_space"] = true;
  bad["pattern"]["Regex"] = "(";
  for (const Json& steps :
       {Json::array(), Json({split}), Json({byte_level, split}), Json({bad, byte_level}),
        Json({removed, byte_level}), Json({literal, byte_level}), Json({inverted, byte_level}),
        Json({split, prefixed})}) {
    EXPECT_FALSE(Parse(set(steps)).ok()) << steps;
  }
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
