#include "worker/data/row_tokeniser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/tokenizer/testing/byte_tokenizer.h"
#include "worker/tokenizer/tokenizer_json.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A role's first letter, a colon, the content and a full stop.
constexpr char kTemplate[] =
    "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}.{% endfor %}"
    "{% if add_generation_prompt %}a:{% endif %}";

absl::StatusOr<ChatFormat> Format() {
  return ChatFormat{ChatTemplate::Parse(kTemplate, "template").value(), std::nullopt, {}, {}};
}

// The conversation as roles and contents in turn.
ChatRow Chat(const std::vector<std::pair<std::string, std::string>>& turns, size_t prompt = 0) {
  ChatRow row;
  for (const auto& [role, content] : turns) {
    row.messages.push_back({{"role", role}, {"content", content}});
  }
  row.prompt_messages = prompt;
  return row;
}

absl::StatusOr<Document> Tokenise(decltype(Row::content) content, Learn learn = Learn::kAnswers) {
  const auto tokenizer = MakeByteTokenizer();
  const absl::StatusOr<ChatFormat> chat = Format();
  return RowTokeniser(tokenizer.get(), &chat, learn).Tokenise({"rows.jsonl:7", content});
}

std::string Text(const Document& document) {
  return std::string(document.tokens.begin(), document.tokens.end());
}

// What is learnt, target by target.
std::vector<std::string> Learnt(const Document& document) {
  std::vector<std::string> texts;
  for (const TokenRange& range : document.targets) {
    texts.push_back(Text(document).substr(range.begin, range.end - range.begin));
  }
  return texts;
}

TEST(RowTokeniser, LearnsTheCompletionAndTheEndOfText) {
  const Document document = Tokenise(PairRow{"ab", "cd"}).value();
  EXPECT_THAT(document.tokens, ElementsAre('a', 'b', 'c', 'd', 256));
  EXPECT_THAT(document.targets, ElementsAre(TokenRange{2, 5}));
  EXPECT_EQ(document.prompt_length, 2);
  EXPECT_EQ(document.completion, "cd");
}

TEST(RowTokeniser, LearnsAllOfATextButItsFirstToken) {
  const Document document = Tokenise(TextRow{"abc"}).value();
  EXPECT_THAT(document.tokens, ElementsAre('a', 'b', 'c', 256));
  EXPECT_THAT(document.targets, ElementsAre(TokenRange{1, 4}));
  EXPECT_EQ(document.prompt_length, 0);
}

TEST(RowTokeniser, LearnsWhatTheAssistantSays) {
  const Document document =
      Tokenise(Chat({{"user", "hi"}, {"assistant", "ho"}, {"user", "x"}, {"assistant", "yz"}}))
          .value();
  EXPECT_EQ(Text(document), "u:hi.a:ho.u:x.a:yz.");
  EXPECT_THAT(Learnt(document), ElementsAre("ho.", "yz."));
}

TEST(RowTokeniser, PromptsAreOnlyGiven) {
  const Document document =
      Tokenise(Chat({{"user", "hi"}, {"assistant", "ho"}, {"user", "x"}, {"assistant", "yz"}}, 3))
          .value();
  EXPECT_THAT(Learnt(document), ElementsAre("yz."));
}

TEST(RowTokeniser, LearnsAllOnRequest) {
  EXPECT_THAT(Learnt(Tokenise(Chat({{"user", "hi"}}), Learn::kAll).value()), ElementsAre(":hi."));
  EXPECT_THAT(Tokenise(PairRow{"ab", "cd"}, Learn::kAll)->targets, ElementsAre(TokenRange{1, 5}));
}

TEST(RowTokeniser, WithoutAnAnswerNothingIsLearnt) {
  EXPECT_THAT(Tokenise(Chat({{"user", "hi"}}))->targets, IsEmpty());
}

TEST(RowTokeniser, TokensThatReachIntoAnAnswerAreLearnt) {
  nlohmann::json json = ByteTokenizerJson();
  json["model"]["vocab"][":!"] = 300;
  json["model"]["merges"] = {": !"};
  const Tokenizer tokenizer(ParseTokenizerJson(json.dump()).value(), 256);
  const absl::StatusOr<ChatFormat> chat = Format();
  const Document document =
      RowTokeniser(&tokenizer, &chat, Learn::kAnswers)
          .Tokenise({"rows.jsonl:7", Chat({{"user", "x"}, {"assistant", "!o"}})})
          .value();
  EXPECT_THAT(document.tokens, ElementsAre('u', ':', 'x', '.', 'a', 300, 'o', '.'));
  EXPECT_THAT(document.targets, ElementsAre(TokenRange{5, 8}));
}

TEST(RowTokeniser, NamesTheRowWithoutATemplate) {
  const auto tokenizer = MakeByteTokenizer();
  const absl::StatusOr<ChatFormat> none = absl::NotFoundError("tiny has no chat template");
  const auto document = RowTokeniser(tokenizer.get(), &none, Learn::kAnswers)
                            .Tokenise({"rows.jsonl:7", Chat({{"user", "hi"}})});
  EXPECT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(document.status().message(), HasSubstr("rows.jsonl:7: "));
  EXPECT_THAT(document.status().message(), HasSubstr("tiny has no chat template"));
  EXPECT_THAT(document.status().message(), HasSubstr("data.chat_template"));
}

}  // namespace
}  // namespace ropewalk
