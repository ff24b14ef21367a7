#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "worker/chat/chat_template.h"

// Rendering gives the bytes that transformers gives: tests/golden/chat/make_chat.py. Run with the
// repository as working directory.

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

const Json& Golden() {
  static const auto* const golden =
      new Json(Json::parse(std::ifstream("tests/golden/chat/chat.json")));
  return *golden;
}

absl::StatusOr<std::string> Render(const std::string& source, const ChatInput& input) {
  const absl::StatusOr<ChatTemplate> parsed = ChatTemplate::Parse(source, "t.jinja");
  if (!parsed.ok()) return parsed.status();
  const absl::Time now =
      absl::FromCivil(absl::CivilSecond(2026, 7, 4, 12, 34, 56), absl::LocalTimeZone());
  const absl::StatusOr<RenderedChat> chat = parsed->Render(input, {}, now);
  if (!chat.ok()) return chat.status();
  return chat->text;
}

// Null for an error, as in the golden file.
Json Outcome(const absl::StatusOr<std::string>& text) { return text.ok() ? Json(*text) : Json(); }

TEST(ChatGolden, TemplatesOfManyFamilies) {
  for (const Json& wanted : Golden()["cases"]) {
    ChatInput input;
    input.messages = Golden()["conversations"][wanted["conversation"].get<std::string>()];
    if (wanted["tools"]) input.tools = Golden()["tools"];
    input.add_generation_prompt = wanted["prompt"];
    input.variables = Golden()["variables"];
    const std::string name = wanted["template"];
    const auto text = Render(Golden()["templates"][name], input);
    EXPECT_EQ(Outcome(text), wanted["text"])
        << name << ", " << wanted["conversation"] << ": " << text.status();
  }
}

TEST(ChatGolden, GeneratedSources) {
  const Json& generated = Golden()["generated"];
  ChatInput input;
  input.messages = Golden()["conversations"][generated["conversation"].get<std::string>()];
  input.tools = Golden()["tools"];
  input.variables = generated["variables"];
  input.variables.update(Golden()["variables"]);
  size_t refused = 0;
  for (const Json& wanted : generated["cases"]) {
    const auto text = Render(wanted[0], input);
    if (!text.ok() && !wanted[1].is_null() &&
        absl::StrContains(text.status().message(), "support")) {
      ++refused;  // by name, which is no wrong answer
      continue;
    }
    EXPECT_EQ(Outcome(text), wanted[1]) << wanted[0] << ": " << text.status();
  }
  EXPECT_LT(refused, generated["cases"].size() / 50);
}

}  // namespace
}  // namespace ropewalk
