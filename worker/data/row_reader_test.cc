#include "worker/data/row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

template <typename Content>
Content Read(const char* row) {
  const auto content = ReadRow(Json::parse(row));
  EXPECT_TRUE(content.ok()) << content.status();
  if (!content.ok() || !std::holds_alternative<Content>(*content)) {
    ADD_FAILURE() << "not of the kind wanted: " << row;
    return Content();
  }
  return std::get<Content>(*content);
}

std::string ErrorOf(const char* row) {
  const auto content = ReadRow(Json::parse(row));
  EXPECT_EQ(content.status().code(), absl::StatusCode::kInvalidArgument) << row;
  return std::string(content.status().message());
}

TEST(RowReader, ReadsTextsAndPairs) {
  EXPECT_EQ(Read<TextRow>(R"({"text": "t", "id": 7})").text, "t");
  const auto pair = Read<PairRow>(R"({"prompt": "p", "completion": "c"})");
  EXPECT_EQ(pair.prompt, "p");
  EXPECT_EQ(pair.completion, "c");
}

TEST(RowReader, ReadsMessagesWithTools) {
  const auto chat = Read<ChatRow>(
      R"({"messages": [{"role": "user", "content": "a", "name": "x"},
                       {"role": "assistant", "content": null, "tool_calls": []}],
          "tools": [{"type": "function"}]})");
  EXPECT_EQ(chat.messages[0].dump(), R"({"role":"user","content":"a","name":"x"})");
  EXPECT_EQ(chat.tools.dump(), R"([{"type":"function"}])");
  EXPECT_EQ(chat.prompt_messages, 0u);
}

TEST(RowReader, TakesToolsWrittenAsText) {
  const char* kMessages = R"("messages": [{"role": "user", "content": "a"}])";
  const auto row = [&](const std::string& tools) {
    return "{" + std::string(kMessages) + ", \"tools\": " + tools + "}";
  };
  EXPECT_EQ(Read<ChatRow>(row(R"("[{\"type\": \"function\"}]")").c_str()).tools.size(), 1u);
  for (const char* none : {"\"\"", "null", "[]", "\"[]\""}) {
    EXPECT_TRUE(Read<ChatRow>(row(none).c_str()).tools.is_null()) << none;
  }
  EXPECT_THAT(ErrorOf(row("\"search\"").c_str()), HasSubstr("\"tools\" is no list"));
}

TEST(RowReader, ReadsPairsOfMessages) {
  const auto chat = Read<ChatRow>(
      R"({"prompt": [{"role": "user", "content": "a"}],
          "completion": [{"role": "assistant", "content": "b"}]})");
  EXPECT_EQ(chat.messages.size(), 2u);
  EXPECT_EQ(chat.prompt_messages, 1u);
}

TEST(RowReader, ReadsAlpaca) {
  const auto chat = Read<ChatRow>(
      R"({"instruction": "Add.", "input": "1 2", "output": "3", "text": "all of it",
          "system": "Be brief.", "history": [["hello", "hi"]]})");
  EXPECT_EQ(chat.messages.dump(),
            R"([{"role":"system","content":"Be brief."},{"role":"user","content":"hello"},)"
            R"({"role":"assistant","content":"hi"},{"role":"user","content":"Add.\n1 2"},)"
            R"({"role":"assistant","content":"3"}])");
}

TEST(RowReader, AlpacaNeedsNoInput) {
  const auto chat = Read<ChatRow>(R"({"instruction": "Add.", "input": "", "output": "3"})");
  EXPECT_EQ(chat.messages[0]["content"], "Add.");
  EXPECT_EQ(chat.messages.size(), 2u);
}

TEST(RowReader, ReadsShareGpt) {
  const auto chat = Read<ChatRow>(
      R"({"system": "s", "conversations": [
            {"from": "human", "value": "a"},
            {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"},
            {"from": "observation", "value": "2"}, {"from": "gpt", "value": "b"}]})");
  EXPECT_EQ(chat.messages.dump(),
            R"([{"role":"system","content":"s"},{"role":"user","content":"a"},)"
            R"({"role":"assistant","content":"","tool_calls":[{"type":"function",)"
            R"("function":{"name":"f","arguments":{"x":1}}}]},)"
            R"({"role":"tool","content":"2"},{"role":"assistant","content":"b"}])");
}

TEST(RowReader, StructureWinsOverTheTextMadeOfIt) {
  Read<ChatRow>(R"({"prompt": "p", "messages": [{"role": "user", "content": "p"}]})");
  Read<ChatRow>(R"({"instruction": "i", "output": "o", "text": "t"})");
}

TEST(RowReader, NamesWhatIsWrong) {
  EXPECT_THAT(ErrorOf(R"({"id": 1})"), HasSubstr("the row has neither"));
  EXPECT_THAT(ErrorOf(R"({"prompt": "p", "text": "t"})"), HasSubstr("both a prompt and a text"));
  EXPECT_THAT(ErrorOf(R"({"prompt": "p"})"), HasSubstr("\"completion\" is missing"));
  EXPECT_THAT(ErrorOf(R"({"messages": []})"), HasSubstr("\"messages\" is empty"));
  EXPECT_THAT(ErrorOf(R"({"messages": "hello"})"), HasSubstr("\"messages\" is no list"));
  EXPECT_THAT(ErrorOf(R"({"messages": [{"content": "a"}]})"),
              HasSubstr("messages[0] has no \"role\""));
  EXPECT_THAT(ErrorOf(R"({"messages": [{"role": "user", "content": 3}]})"),
              HasSubstr("messages[0]: \"content\" is neither a text nor a list"));
  EXPECT_THAT(ErrorOf(R"({"messages": [{"role": "user", "content": [{"type": "image"}]}]})"),
              HasSubstr("messages[0]: \"content\" is neither a text nor a list"));
  EXPECT_THAT(ErrorOf(R"({"prompt": [{"role": "user", "content": "a"}], "completion": "b"})"),
              HasSubstr("\"completion\" is no list"));
  EXPECT_THAT(ErrorOf(R"({"instruction": "i"})"), HasSubstr("\"output\" is missing"));
  EXPECT_THAT(ErrorOf(R"({"instruction": "i", "output": "o", "history": [["a"]]})"),
              HasSubstr("\"history\" is no list of"));
  EXPECT_THAT(ErrorOf(R"({"conversations": [{"from": "robot", "value": "v"}]})"),
              HasSubstr("conversations[0]: the speaker \"robot\" is not known"));
  EXPECT_THAT(ErrorOf(R"({"conversations": [{"from": "function_call", "value": "f of x"}]})"),
              HasSubstr("conversations[0]: the value of \"function_call\" is not JSON"));
}

}  // namespace
}  // namespace ropewalk
