#include "worker/chat/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

std::string Rendered(absl::string_view source, const ChatInput& input = {}) {
  const absl::StatusOr<ChatTemplate> parsed = ChatTemplate::Parse(source, "t.jinja");
  if (!parsed.ok()) return std::string(parsed.status().message());
  const absl::StatusOr<RenderedChat> chat = parsed->Render(input);
  return chat.ok() ? chat->text : std::string(chat.status().message());
}

ChatInput TwoTurns() {
  ChatInput input;
  input.messages = Json::parse(
      R"([{"role": "user", "content": "lay a rope"}, {"role": "assistant", "content": "laid"}])");
  input.variables = Json{{"bos_token", "<s>"}};
  return input;
}

TEST(ChatTemplate, RendersChatMl) {
  const char* const kTemplate =
      "{%- for message in messages %}\n"
      "    {{- '<|im_start|>' + message.role + '\\n' + message['content'] + '<|im_end|>\\n' }}\n"
      "{%- endfor %}\n"
      "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}\n";
  ChatInput input = TwoTurns();
  EXPECT_EQ(Rendered(kTemplate, input),
            "<|im_start|>user\nlay a rope<|im_end|>\n<|im_start|>assistant\nlaid<|im_end|>\n");
  input.add_generation_prompt = true;
  EXPECT_THAT(Rendered(kTemplate, input), HasSubstr("laid<|im_end|>\n<|im_start|>assistant\n"));
}

TEST(ChatTemplate, ReportsWhatGenerationBlocksWrote) {
  const auto parsed = ChatTemplate::Parse(
      "{% for m in messages %}{% if m.role == 'assistant' %}A:{% generation %}{{ m.content }}."
      "{% endgeneration %}{% else %}U:{{ m.content }} {% endif %}{% endfor %}",
      "t.jinja");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->has_generation_markers());
  const auto chat = parsed->Render(TwoTurns());
  ASSERT_TRUE(chat.ok()) << chat.status();
  ASSERT_EQ(chat->generated.size(), 1u);
  const ByteSpan span = chat->generated[0];
  EXPECT_EQ(chat->text.substr(span.begin, span.end - span.begin), "laid.");
}

TEST(ChatTemplate, NamesWhatItLacksAndWhere) {
  EXPECT_THAT(
      Rendered("a\nb\n{{ x|xmlattr }}"),
      ::testing::StartsWith("t.jinja:3: the filter 'xmlattr' is not supported; supported: "));
  EXPECT_THAT(Rendered("\n{% include 'x' %}"),
              HasSubstr("t.jinja:2: the statement 'include' is not supported"));
  EXPECT_THAT(Rendered("{{ x is module }}"), HasSubstr("the test 'module' is not supported"));
  EXPECT_THAT(Rendered("\n\n{{ raise_exception('roles must alternate') }}"),
              HasSubstr("t.jinja:3: the template refuses: roles must alternate"));
  EXPECT_THAT(Rendered("{{ x.y }}"), HasSubstr("t.jinja:1: 'x' is undefined, so it has no 'y'"));
}

}  // namespace
}  // namespace ropewalk
