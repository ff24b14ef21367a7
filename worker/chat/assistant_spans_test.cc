#include "worker/chat/assistant_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

ChatFormat Format(absl::string_view source) {
  absl::StatusOr<ChatTemplate> parsed = ChatTemplate::Parse(source, "t.jinja");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return ChatFormat{*std::move(parsed), std::nullopt, Json{{"eos_token", "</s>"}}};
}

Json Said(const absl::StatusOr<TrainingChat>& chat) {
  if (!chat.ok()) return Json(chat.status().ToString());
  Json said = Json::array();
  for (const ByteSpan& span : chat->assistant) {
    said.push_back(chat->text.substr(span.begin, span.end - span.begin));
  }
  return said;
}

Json Conversation() {
  return Json::parse(
      R"([{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"},
                         {"role": "user", "content": "one"}, {"role": "assistant", "content": "one"}])");
}

TEST(AssistantSpans, AreWhatGenerationBlocksWrote) {
  const ChatFormat format = Format(
      "{% for m in messages %}{{ m.role }}: {% if m.role == 'assistant' %}{% generation %}"
      "{{ m.content }} \n{% endgeneration %}{% else %}{{ m.content }}\n{% endif %}{% endfor %}");
  EXPECT_EQ(Said(RenderForTraining(format, Conversation(), nullptr)), Json({"two \n", "one \n"}));
}

TEST(AssistantSpans, AreFoundWithoutPromptsAndWithoutEndMarkers) {
  const ChatFormat bare = Format(
      "{% for m in messages %}{{ m.role|title }}: {{ m.content }}\n\n{% endfor %}"
      "{{ 'Assistant: ' if add_generation_prompt }}");
  EXPECT_EQ(Said(RenderForTraining(bare, Conversation(), nullptr)), Json({"two", "one"}));
  const ChatFormat no_prompt =
      Format("{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}");
  EXPECT_EQ(Said(RenderForTraining(no_prompt, Conversation(), nullptr)),
            Json({"two</assistant>", "one</assistant>"}));
}

TEST(AssistantSpans, TakeTheEndOfTextTokenThatTheLastTurnLacks) {
  const ChatFormat format = Format(
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% if m.role == 'assistant' and not "
      "loop.last %}{{ eos_token }}{% endif %}{% endfor %}{{ '[assistant]' if add_generation_prompt "
      "}}");
  EXPECT_EQ(Said(RenderForTraining(format, Conversation(), nullptr)), Json({"two</s>", "one"}));
}

TEST(AssistantSpans, AreRefusedWhereTheyAreNotCertain) {
  // The text is not the content, but made of it.
  const ChatFormat format = Format(
      "{% for m in messages %}{{ m.role }}={{ m.content|length }} {{ m.content|reverse }};{% "
      "endfor %}");
  EXPECT_THAT(Said(RenderForTraining(format, Conversation(), nullptr)).get<std::string>(),
              HasSubstr("t.jinja: cannot tell with certainty where message 2, which is the "
                        "assistant's, begins and ends"));
  // Something before the turn depends on what is said in it.
  const ChatFormat counting = Format(
      "{{ messages|map(attribute='content')|join|length }}{% for m in messages %}<{{ m.role }}>"
      "{{ m.content }}{% endfor %}");
  EXPECT_THAT(Said(RenderForTraining(counting, Conversation(), nullptr)).get<std::string>(),
              HasSubstr("{% generation %}"));
}

TEST(AssistantSpans, LeaveOutKeysThatAreNull) {
  Json messages = Conversation();
  messages[1]["tool_calls"] = nullptr;
  const ChatFormat format = Format(
      "{% for m in messages %}<{{ m.role }}>{{ 'calls' if m.tool_calls is defined }}{{ m.content }}"
      "{{ eos_token }}{% endfor %}{{ '<assistant>' if add_generation_prompt }}");
  EXPECT_EQ(Said(RenderForTraining(format, messages, nullptr)), Json({"two</s>", "one</s>"}));
}

TEST(AssistantSpans, SayWhatIsWrongWithTheConversation) {
  const ChatFormat format = Format("{{ raise_exception('no ropes') }}");
  EXPECT_THAT(RenderForTraining(format, Conversation(), nullptr).status().message(),
              HasSubstr("no ropes"));
  EXPECT_EQ(RenderForTraining(format, "text", nullptr).status().message(),
            "'messages' is no array");
}

}  // namespace
}  // namespace ropewalk
